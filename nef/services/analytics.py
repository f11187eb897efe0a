"""What the network can do for a UE, as analytics."""

from dataclasses import dataclass

from nef.domain.errors import UeNotFound
from nef.domain.sessions import UeAddress
from nef.domain.units import PacketErrorRate
from nef.ports.clock import Clock
from nef.ports.network import Network, Performance

#: The error rate of the flow whose rate is reported: that of the bulk of a download.
_REPORTED_PER = PacketErrorRate(1, 3)


@dataclass(frozen=True)
class AnalyticsService:
    """Answers questions about performance from the same network that admits sessions."""

    network: Network
    clock: Clock

    def performance(self, gpsi: str) -> tuple[float, Performance]:
        """The moment of the answer, and what a new flow of this UE could get.

        Raises UeNotFound.
        """
        now_s = self.clock.now_s()
        try:
            found = self.network.performance(UeAddress(gpsi=gpsi), _REPORTED_PER, now_s)
        except UeNotFound:
            raise UeNotFound("/tgtUe/gpsi", gpsi) from None
        return now_s, found
