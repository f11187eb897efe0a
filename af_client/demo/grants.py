"""Which variant the network carried when, derived from what it answered and notified."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from af_client.modelserver.flows import TOPOLOGY_COMPONENT, WEIGHTS_COMPONENT

_BOTH = frozenset({TOPOLOGY_COMPONENT, WEIGHTS_COMPONENT})
#: What was asked for, the first of the ladder.
_ASKED = "what was asked for"
_GAINS = frozenset({"SUCCESSFUL_RESOURCES_ALLOCATION", "QOS_GUARANTEED", "RECOVERY_OF_BEARER"})
#: With these a flow gets the alternative that is named, or nothing.
_LOSSES = frozenset(
    {
        "FAILED_RESOURCES_ALLOCATION",
        "QOS_NOT_GUARANTEED",
        "LOSS_OF_BEARER",
        "RELEASE_OF_BEARER",
        "SESSION_TERMINATION",
    }
)


@dataclass
class Grants:
    """`changes` has each moment from which on another variant was carried, or None for none."""

    changes: list[tuple[float, str | None]] = field(default_factory=list)
    _ladder: tuple[str, ...] = ()
    _held: dict[int, str | None] = field(default_factory=dict)

    def asked(self, at_s: float, ladder: tuple[str, ...]) -> None:
        """The network has accepted a ladder; empty where the session is gone."""
        self._ladder = ladder
        self._note(at_s)

    def told(self, at_s: float, event: str, components: Iterable[int], ref: str | None) -> None:
        """The network has said what becomes of flows; of both, where it names none."""
        flows = frozenset(components) or _BOTH
        if event in _LOSSES:
            self._held |= dict.fromkeys(flows, ref)
        elif event in _GAINS:
            self._held |= dict.fromkeys(flows, ref or _ASKED)
        self._note(at_s)

    def at(self, at_s: float) -> str | None:
        """The variant that was carried at a moment."""
        return next((name for when_s, name in reversed(self.changes) if when_s <= at_s), None)

    def _note(self, at_s: float) -> None:
        topology, weights = (self._held.get(flow) for flow in sorted(_BOTH))
        whole = bool(self._ladder) and topology is not None
        name = (self._ladder[0] if weights == _ASKED else weights) if whole else None
        if name != (self.changes[-1][1] if self.changes else None):
            self.changes.append((at_s, name))
