"""What services need to remember: one unit of work, and a repository for each noun."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from nef.domain.faultplan import FaultPlan
from nef.domain.lifecycle import SessionState
from nef.domain.notifications import Backlog, Delivery, DeliveryState, Notification
from nef.domain.sessions import Claim, Session, Standing
from nef.domain.subscriptions import Api, Due, Subscription


class StorageUnusable(Exception):
    """The store cannot be opened; the message says which one, and why."""


class Sessions(Protocol):
    """The sessions of all AFs."""

    def add(self, session: Session) -> Session:
        """Insert a session whose id is new; gives it its number, which grows."""
        ...

    def get(self, session_id: str) -> Session | None:
        """Read one, whoever owns it."""
        ...

    def replace(self, session: Session) -> Session:
        """Write a session back and count up its version.

        Raises Conflict where somebody else has written since it was read.
        """
        ...

    def move(self, session: Session) -> Session:
        """The same where only its state and its grants are other than they were read."""
        ...

    def remove(self, session_id: str) -> None:
        """Delete one; nothing happens where it is gone already."""
        ...

    def of_af(self, af_id: str, ue_ids: Collection[str] | None = None) -> Sequence[Session]:
        """The visible sessions of an AF, oldest first; with `ue_ids` only those of these UEs."""
        ...

    def count_of_af(self, af_id: str) -> int:
        """How many sessions of an AF are stored, also those that are being ended."""
        ...

    def expired(self, now_s: float, limit: int) -> Sequence[Session]:
        """Visible sessions whose duration is over, the first to expire first."""
        ...

    def next_expiry_s(self, after_s: float) -> float | None:
        """The next moment after one at which the duration of a visible session is over."""
        ...

    def unsettled(self, limit: int) -> Sequence[Session]:
        """Sessions that wait between an intent and its confirmation, the longest first."""
        ...

    def deserted(self, limit: int) -> Collection[tuple[str, int]]:
        """Of those the ones that were intended by a process which is no more: id and version."""
        ...

    def claims(self, after: int, limit: int) -> Sequence[Claim]:
        """What visible sessions hold whose number is above `after`, in the order of creation."""
        ...

    def standings(self, session_ids: Sequence[str]) -> Sequence[Standing]:
        """How some sessions stand, in any order; those that are gone are left out."""
        ...

    def count_by_state(self) -> Mapping[SessionState, int]:
        """How many sessions there are in each state; those of no session may be left out."""
        ...

    def regrade(self, standings: Sequence[Standing]) -> None:
        """Write the grants of sessions back, and count up their versions.

        Raises Conflict where somebody else has written any of them since it was read.
        """
        ...


class Outbox(Protocol):
    """Notifications that are due, and what became of those before."""

    def add(self, notification: Notification, due_at_s: float) -> None:
        """Append; those of a subscription are delivered in the order of their adding.

        Comes last in its transaction: nothing else is read to be written after it.
        """
        ...

    def add_all(self, notifications: Sequence[Notification], due_at_s: float) -> None:
        """Append several, in their order."""
        ...

    def claim(
        self, now_s: float, lease_s: float, limit: int, busy: Collection[str] = ()
    ) -> Sequence[Delivery]:
        """Take due notifications, at most one a subscription, the oldest of each; later ones wait.

        Those of `busy` AFs are left alone.
        A claim that is not settled within its lease falls back, so a crash loses nothing.
        """
        ...

    def settle(self, delivery: Delivery) -> None:
        """Write the outcome of an attempt: its state, attempts, next due time, and error.

        A notification that was dropped in the meantime stays dropped, and one that was woken or
        redirected is due at once whatever became of the attempt, unless that delivered it.
        Those behind one that is to be tried again are due no sooner than that.
        """
        ...

    def settle_all(self, deliveries: Sequence[Delivery]) -> None:
        """The same for several, each another one."""
        ...

    def drop(self, subscription_id: str) -> None:
        """Forget what is still to be told about a subscription: its AF has deleted it."""
        ...

    def redirect(self, subscription_id: str, destination: str) -> None:
        """Send what is still to be told elsewhere: at once, and with new attempts."""
        ...

    def wake(self, subscription_id: str) -> None:
        """Send what is still to be told about a subscription at once, with new attempts."""
        ...

    def take_back(self) -> None:
        """End the leases of processes that have died, at a start.

        Where no other process is alive all that is pending is due, and its time begins anew: nobody
        tried in between, and by which clock it was to be tried later nobody knows.
        """
        ...

    def give_up(self, waiting_before_s: float, now_s: float, reason: str) -> None:
        """Give up what waits since before a moment, but for what is in hand.

        `reason` is the last error of what was never tried.
        """
        ...

    def next_due_s(self, busy: Collection[str] = ()) -> float | None:
        """When the earliest attempt is due, of AFs that are not busy; None where nothing waits."""
        ...

    def find(
        self, subscription_id: str | None, state: DeliveryState | None, limit: int
    ) -> Sequence[Delivery]:
        """The newest deliveries first, of one session or in one state if asked for."""
        ...

    def backlog(self) -> Backlog:
        """How much waits, and how much nobody will hear of."""
        ...

    def prune(self, settled_before_s: float) -> None:
        """Forget deliveries that were settled before a moment."""
        ...


class Subscriptions(Protocol):
    """Subscriptions of all APIs but sessions, which have a store of their own."""

    def add(self, subscription: Subscription[Any]) -> Subscription[Any]:
        """Insert a new one; its `number` is the next one."""
        ...

    def get(self, api: Api, subscription_id: str) -> Subscription[Any] | None:
        """The subscription of this id, whoever it belongs to."""
        ...

    def replace(self, subscription: Subscription[Any]) -> Subscription[Any]:
        """Write a changed one whose `version` is that of the store, and raise the version.

        Raises Conflict where the stored version is another one, or there is none any more.
        """
        ...

    def remove(self, api: Api, subscription_id: str) -> None:
        """Delete it, if it is still there."""
        ...

    def of_af(self, api: Api, af_id: str) -> Sequence[Subscription[Any]]:
        """Those of an AF, in the order of creation."""
        ...

    def weight_of_af(self, af_id: str) -> int:
        """How much an AF has of all APIs but sessions: the sum of their weights."""
        ...

    def due(
        self, now_s: float, after: int, limit: int, *, changed: bool
    ) -> Sequence[Subscription[Any]]:
        """Those to look at now whose number is above `after`, in the order of creation.

        Where something has `changed`, these are also those that wait for a change.
        """
        ...

    def next_due(self, after_s: float) -> Due:
        """The next moment after one at which any is due, and whether any waits for a change."""
        ...


class Simulations(Protocol):
    """What a restart must keep of the simulation: a JSON object, its faults, and a moment."""

    def hold(self) -> None:
        """Let nobody else write the simulation until this unit of work ends."""
        ...

    def load(self) -> dict[str, Any] | None:
        """The saved state, if there is one."""
        ...

    def save(self, state: dict[str, Any]) -> None:
        """Replace the saved state."""
        ...

    def load_faults(self) -> FaultPlan | None:
        """The saved faults, if there are any."""
        ...

    def save_faults(self, plan: FaultPlan) -> None:
        """Replace the saved faults."""
        ...

    def lived_until_s(self) -> float | None:
        """The moment that was noted last, if any was."""
        ...

    def note_moment(self, time_s: float) -> None:
        """Note that everything up to a moment has been followed, and told where there was need."""
        ...


class UnitOfWork(Protocol):
    """The repositories inside one transaction."""

    @property
    def sessions(self) -> Sessions:
        """The sessions."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The notifications."""
        ...

    @property
    def subscriptions(self) -> Subscriptions:
        """The subscriptions."""
        ...

    @property
    def simulations(self) -> Simulations:
        """The simulation."""
        ...


class Storage(Protocol):
    """A store; `transaction()` commits at the end, or rolls back on an exception.

    Each raises StoreUnavailable where the store does not answer or has no room.
    """

    def transaction(self) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work that writes: a session or subscription that it `get`s is its own.

        Nobody else writes it until the end; other units of work may write others beside it.
        """
        ...

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work that only reads, beside any writer; each answer is of one moment."""
        ...

    def at_once(self) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work for a single call that writes, which is a transaction by itself."""
        ...

    def listening(self, heard: Callable[[], None]) -> AbstractContextManager[None]:
        """While this is open, `heard` is called when another process has made something due.

        By a thread of its own, at most every 20 ms or so, and now and then without a cause.
        """
        ...
