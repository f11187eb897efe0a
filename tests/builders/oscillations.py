"""A model server, a device and a network whose bandwidth changes, in virtual time."""

from collections.abc import Callable
from typing import Any

from af_client.delivery.documents import FORMAT, DeviceRequest
from af_client.modelserver.selection import Choice, Rung
from af_client.modelserver.steps import (
    Accepted,
    CreateSession,
    FetchOutlook,
    ModifySession,
    Reported,
)
from builders.model_servers import Server
from builders.negotiations import GPSI, a_session, allocated, guaranteed, not_guaranteed

STEP_S = 0.05
#: How long each transfer takes, from its first packet until its model is loaded.
TRANSFER_S = 0.8


class Course:
    """Plays a bandwidth over time; the network grants the best rung that fits, and says so."""

    def __init__(self, bandwidth_bps: Callable[[float], int], **policy: Any) -> None:
        self.server = Server(**policy)
        self.bandwidth_bps = bandwidth_bps
        self._choice: Choice | None = None
        self._granted: Rung | None = None
        #: When each transfer began, and which variant it brought.
        self.downloads: list[tuple[float, str]] = []

    def play(self, until_s: float) -> "Course":
        """Go through the time from 0 to `until_s`."""
        request = DeviceRequest("i-1", GPSI, "recognition", None, "missing", (FORMAT,))
        self.server.ask(0.0, request=request)
        for number in range(round(until_s / STEP_S)):
            self._turn(number * STEP_S)
        return self

    def variants(self) -> list[str]:
        return [variant for _, variant in self.downloads]

    def _turn(self, now_s: float) -> None:
        devices = self.server.devices
        self._notify(now_s)
        for _ in devices.due(now_s):
            pass
        for whose, command in devices.commands():
            if isinstance(command, FetchOutlook):
                held_bps = 0 if self._granted is None else self._granted.rate_bps
                left_bps = max(self.bandwidth_bps(now_s) - held_bps, 0)
                devices.answer(whose, command, Reported(left_bps), now_s)
            elif isinstance(command, CreateSession | ModifySession):
                devices.answer(whose, command, Accepted(a_session()), now_s)
                self._choice, self._granted = command.choice, self._best(command.choice, now_s)
                ref = None if self._is_top() else self._name()
                devices.notification(allocated(ref), now_s)
        self._deliver(now_s)

    def _notify(self, now_s: float) -> None:
        if self._choice is None or self._best(self._choice, now_s) == self._granted:
            return
        self._granted = self._best(self._choice, now_s)
        note = guaranteed() if self._is_top() else not_guaranteed(self._name())
        self.server.devices.notification(note, now_s)

    def _deliver(self, now_s: float) -> None:
        log = self.server.log
        begun = log.of("transfer_start")
        for transfer in begun[len(self.downloads) :]:
            self.downloads.append((now_s, transfer["variant"]))
        ended = {end["transfer"] for end in log.of("transfer_end")}
        for (at_s, variant), transfer in zip(self.downloads, begun, strict=True):
            if transfer["transfer"] not in ended and now_s >= at_s + TRANSFER_S:
                self.server.done(transfer["transfer"], variant, now_s)

    def _best(self, choice: Choice, now_s: float) -> Rung | None:
        fits = (r for r in choice.ladder if r.rate_bps <= self.bandwidth_bps(now_s))
        return next(fits, None)

    def _is_top(self) -> bool:
        return self._choice is not None and self._granted == self._choice.ladder[0]

    def _name(self) -> str | None:
        return None if self._granted is None else self._granted.variant.name


def square(high_bps: int, low_bps: int, high_s: float, low_s: float) -> Callable[[float], int]:
    """High for a while, then low, and so on."""
    return lambda now_s: high_bps if now_s % (high_s + low_s) < high_s else low_bps
