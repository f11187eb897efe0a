"""The state of the simulation in the store."""

from typing import Any

import orjson
from sqlalchemy import Connection, delete, insert, select

from db.tables import simulation

_ONLY = 1


class SqlSimulations:
    """nef.ports.storage.Simulations on a connection that is inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work inside this connection's transaction."""
        self._connection = connection

    def load(self) -> dict[str, Any] | None:
        """The saved state."""
        text = self._connection.execute(select(simulation.c.state)).scalar()
        if text is None:
            return None
        state: dict[str, Any] = orjson.loads(text)
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Replace the saved state."""
        self._connection.execute(delete(simulation))
        self._connection.execute(insert(simulation), {"id": _ONLY, "state": orjson.dumps(state)})
