"""The tables, made for what is queried; `db/migrations` brings an older database to this form."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    literal_column,
)

from nef.domain.lifecycle import SessionState

metadata = MetaData()

#: A number that grows with every row. On SQLite that is the row's own, which is an INTEGER.
Growing = BigInteger().with_variant(Integer, "sqlite")

#: What an AF asked for, and where it stands. `number` is the order of creation, also of sessions
#: of one moment. `demands` is what its QoS flows ask of the network, and `grants` the rungs they
#: hold. `intended_by` is the number of the process that has, or had, the request in hand that wrote
#: the last intent.
sessions = Table(
    "sessions",
    metadata,
    Column("number", Growing, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("af_id", Text, nullable=False),
    Column("ue_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at_s", Float, nullable=False),
    Column("admitted_at_s", Float, nullable=False),
    Column("changed_at_s", Float, nullable=False),
    Column("expires_at_s", Float),
    Column("request", LargeBinary, nullable=False),
    Column("pending", LargeBinary),
    Column("demands", LargeBinary, nullable=False),
    Column("grants", LargeBinary, nullable=False),
    Column("intended_by", Integer),
)
Index("sessions_of_af", sessions.c.af_id, sessions.c.ue_id)
# Few sessions have an end, and few are unsettled: the others cost these two nothing.
_ENDS = sessions.c.expires_at_s.is_not(None)
#: As literal text: by a parameter neither database would see that the index serves the question.
UNSETTLED = sessions.c.state != literal_column(f"'{SessionState.ACTIVE.value}'")
Index(
    "sessions_expiring",
    sessions.c.expires_at_s,
    sessions.c.number,
    sqlite_where=_ENDS,
    postgresql_where=_ENDS,
)
Index(
    "sessions_unsettled",
    sessions.c.changed_at_s,
    sessions.c.number,
    sqlite_where=UNSETTLED,
    postgresql_where=UNSETTLED,
)

#: The outbox. It outlives its subscriptions: the end of one is the last that is told of it.
#: `leased_by` is the number of the process that has, or had, it in hand.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Growing, primary_key=True, autoincrement=True),
    Column("subscription_id", Text, nullable=False),
    Column("af_id", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at_s", Float, nullable=False),
    Column("waiting_since_s", Float, nullable=False),
    Column("due_at_s", Float, nullable=False),
    Column("leased_until_s", Float),
    Column("leased_by", Integer),
    Column("request_id", Text),
    Column("settled_at_s", Float),
    Column("last_error", Text),
    sqlite_autoincrement=True,
)
Index("deliveries_due", deliveries.c.state, deliveries.c.due_at_s, deliveries.c.id)
Index(
    "deliveries_of_subscription",
    deliveries.c.subscription_id,
    deliveries.c.state,
    deliveries.c.id,
)
Index("deliveries_settled", deliveries.c.settled_at_s)

#: What AFs subscribe to under the other APIs; `body` is what the API makes of it. `on_change` is 1
#: where it is looked at whenever something changes.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("number", Growing, primary_key=True, autoincrement=True),
    Column("api", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("af_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at_s", Float, nullable=False),
    Column("due_at_s", Float),
    Column("on_change", Integer, nullable=False, server_default="1"),
    Column("weight", Integer, nullable=False, server_default="1"),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
Index("subscriptions_by_id", subscriptions.c.api, subscriptions.c.id, unique=True)
Index("subscriptions_of_af", subscriptions.c.api, subscriptions.c.af_id, subscriptions.c.number)
Index("subscriptions_due", subscriptions.c.due_at_s)
Index("subscriptions_on_change", subscriptions.c.on_change)

#: The simulation: a row for its state, one for its faults, one for until when it was lived, and on
#: PostgreSQL one for the service that had it last.
simulation = Table(
    "simulation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("state", LargeBinary, nullable=False),
)
