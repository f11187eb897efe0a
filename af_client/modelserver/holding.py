"""What the network carries of what a session asked for, as its notifications tell."""

from dataclasses import replace

from af_client.delivery.sender import Rates
from af_client.messages import EventReport, UserPlaneEvent
from af_client.modelserver.flows import (
    TOPOLOGY_COMPONENT,
    WEIGHTS_COMPONENT,
    topology_rate_bps,
)
from af_client.modelserver.selection import (
    Choice,
    Rung,
    after_applied,
    after_guaranteed,
    after_not_guaranteed,
)

#: What a flow may hear first; anything else before it is about what was asked for earlier.
_FIRST = frozenset(
    {
        UserPlaneEvent.SUCCESSFUL_RESOURCES_ALLOCATION,
        UserPlaneEvent.FAILED_RESOURCES_ALLOCATION,
    }
)
#: With these a flow gets nothing, or nothing but the rung that the report names.
_LOSSES = frozenset(
    {
        UserPlaneEvent.FAILED_RESOURCES_ALLOCATION,
        UserPlaneEvent.QOS_NOT_GUARANTEED,
        UserPlaneEvent.LOSS_OF_BEARER,
    }
)
#: With these it has what was asked for, unless a report that follows says otherwise.
_GAINS = frozenset({UserPlaneEvent.QOS_GUARANTEED, UserPlaneEvent.RECOVERY_OF_BEARER})
_KNOWN = _FIRST | _LOSSES | _GAINS
_BOTH = frozenset({TOPOLOGY_COMPONENT, WEIGHTS_COMPONENT})


class Holding:
    """The choice that a session stands for, and what of it the network carries now.

    It holds nothing until the network has said so for both flows.
    """

    def __init__(self, choice: Choice) -> None:
        self._asked, self._choice = choice, replace(choice, rung=None)
        self._topology_held = False
        self._unheard = set(_BOTH)

    @property
    def settled(self) -> bool:
        """Whether the network has said something about both flows."""
        return not self._unheard

    @property
    def choice(self) -> Choice:
        """The choice, with the rung of the weights' flow."""
        return self._choice

    @property
    def rung(self) -> Rung | None:
        """The variant that both flows carry in time now, None for none."""
        return self._choice.rung if self._topology_held else None

    @property
    def reason(self) -> str:
        """Why it is that one."""
        if self._choice.rung is not None and not self._topology_held:
            return "the network does not guarantee the topology's flow now"
        return self._choice.reason

    @property
    def rates(self) -> Rates:
        """What the network grants to the two flows."""
        if self.rung is None:
            return Rates(0, 0)
        return Rates(topology_rate_bps(self._choice.ladder), self.rung.weights_rate_bps)

    def take(self, report: EventReport) -> None:
        """Follow one event of the session; what concerns neither flow changes nothing."""
        if report.event not in _KNOWN or (self._unheard and report.event not in _FIRST):
            return
        components = {number for number, _ in report.components} or _BOTH
        if TOPOLOGY_COMPONENT in components:
            self._topology_held = report.event not in _LOSSES
        if WEIGHTS_COMPONENT in components:
            self._choice = self._followed(report)
        self._unheard -= components

    def _followed(self, report: EventReport) -> Choice:
        if report.applied_ref is not None:
            try:
                return after_applied(self._choice, report.applied_ref)
            except LookupError as fault:
                return replace(self._choice, rung=None, reason=str(fault.args[0]))
        if report.event in _LOSSES:
            return after_not_guaranteed(self._choice)
        if report.event == UserPlaneEvent.SUCCESSFUL_RESOURCES_ALLOCATION and self._asked.ladder:
            # As it was asked for: what led to that choice is still the reason.
            return replace(self._asked, rung=self._asked.ladder[0])
        return after_guaranteed(self._choice)
