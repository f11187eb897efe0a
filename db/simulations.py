"""The state of the simulation in the store."""

from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from db.codec import dumped, loaded
from db.neighbours import Neighbours
from db.tables import simulation
from nef.domain.faultplan import FaultPlan

_STATE, _FAULTS, _MOMENT, _USER = 1, 2, 3, 4


class SqlSimulations:
    """nef.ports.storage.Simulations on a connection that is inside a transaction."""

    def __init__(self, connection: Connection, neighbours: Neighbours) -> None:
        """Work inside this connection's transaction."""
        self._connection, self._neighbours = connection, neighbours

    def hold(self) -> None:
        """Let nobody else write it until the transaction ends."""
        self._neighbours.hold_simulation(self._connection)

    def load(self) -> dict[str, Any] | None:
        """The saved state."""
        text = self._read(_STATE)
        if text is None:
            return None
        state: dict[str, Any] = orjson.loads(text)
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Replace the saved state."""
        self._write(_STATE, orjson.dumps(state))

    def load_faults(self) -> FaultPlan | None:
        """The saved faults."""
        text = self._read(_FAULTS)
        return None if text is None else loaded(text, FaultPlan)

    def save_faults(self, plan: FaultPlan) -> None:
        """Replace the saved faults."""
        self._write(_FAULTS, dumped(plan))

    def lived_until_s(self) -> float | None:
        """The moment that was noted last."""
        text = self._read(_MOMENT)
        return None if text is None else float(text)

    def note_moment(self, time_s: float) -> None:
        """Replace the noted moment."""
        self._write(_MOMENT, orjson.dumps(time_s))

    def user(self) -> str | None:
        """The name that was noted last."""
        text = self._read(_USER)
        return None if text is None else text.decode()

    def note_user(self, name: str) -> None:
        """Note which service has the network from now on."""
        self._write(_USER, name.encode())

    def touch(self) -> None:
        """Write the noted moment as it is, if there is one: whether that can be is the point."""
        here = simulation.c.id == _MOMENT
        self._connection.execute(update(simulation).where(here).values(state=simulation.c.state))

    def _read(self, row_id: int) -> bytes | None:
        query = select(simulation.c.state).where(simulation.c.id == row_id)
        text: bytes | None = self._connection.execute(query).scalar()
        return text

    def _write(self, row_id: int, text: bytes) -> None:
        row = {"id": row_id, "state": text}
        here = simulation.c.id == row_id
        if self._connection.execute(update(simulation).where(here), row).rowcount != 1:
            self._connection.execute(insert(simulation), row)
