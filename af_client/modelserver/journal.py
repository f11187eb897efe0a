"""What a model server tells of one device; docs/delivery.md lists the events."""

from dataclasses import asdict, dataclass

from af_client.delivery.documents import DeviceRequest
from af_client.delivery.recall import Recall
from af_client.delivery.sender import Rates, Sender
from af_client.eventlog import Log
from af_client.modelserver.steps import Decision, PlanNews

_PROGRESS_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Prospect:
    """What was known of a transfer at its start.

    `reported_bps` is the bandwidth that the network reported, `expected_s` the time at the granted
    rates, `predicted_s` the time that the network predicted for all of that bandwidth.
    """

    reported_bps: int | None = None
    expected_s: float | None = None
    predicted_s: float | None = None


class Journal:
    """Writes what happens with a device, whose address is `device`, to the log."""

    def __init__(self, device: str, log: Log) -> None:
        self._device, self._log = device, log
        self._progress_s = float("-inf")

    def request(self, request: DeviceRequest) -> None:
        """Tell what the device asks for."""
        self._log(
            "device_request",
            device=self._device,
            gpsi=request.gpsi,
            application=request.application,
            model=request.model,
            reason=request.reason,
            holds=None if request.holds is None else len(request.holds),
        )

    def plan(self, news: PlanNews) -> None:
        """Tell how a plan stands."""
        self._log(
            "plan",
            device=self._device,
            variant=news.variant,
            state=news.state,
            from_s=news.window.starts_at.timestamp() if news.window else None,
            until_s=news.window.ends_at.timestamp() if news.window else None,
            reason=news.reason,
        )

    def decision(self, decision: Decision, reported_bps: int | None, rates: Rates) -> None:
        """Tell which variant is right, and what the network reported and grants."""
        rung = decision.rung
        self._log(
            "decision",
            device=self._device,
            variant=rung.variant.name if rung else None,
            cause=decision.cause,
            reason=decision.reason,
            reported_bps=reported_bps,
            granted_topology_bps=rates.topology_bps,
            granted_weights_bps=rates.weights_bps,
        )

    def started(self, sender: Sender, cause: str, prospect: Prospect) -> None:
        """Tell that a transfer begins."""
        offer, rates = sender.offer, sender.rates
        self._log(
            "transfer_start",
            device=self._device,
            transfer=sender.transfer,
            variant=offer.variant,
            cause=cause,
            size_bytes=offer.size_bytes,
            topology_bytes=offer.topology.size_bytes,
            weights_bytes=offer.weights.size_bytes,
            topology_rate_bps=rates.topology_bps,
            weights_rate_bps=rates.weights_bps,
            **asdict(prospect),
        )

    def progress(self, sender: Sender | Recall, now_s: float) -> None:
        """Tell how far a transfer is, unless that was told a moment ago."""
        if isinstance(sender, Recall) or now_s < self._progress_s + _PROGRESS_EVERY_S:
            return
        self._progress_s = now_s
        self._log(
            "transfer_progress",
            device=self._device,
            transfer=sender.transfer,
            variant=sender.offer.variant,
            topology_sent=sender.topology_sent.sent,
            weights_sent=sender.weights_sent.sent,
            topology_segments=sender.offer.topology.segments,
            weights_segments=sender.offer.weights.segments,
            weights_rate_bps=sender.rates.weights_bps,
        )

    def ended(
        self, sender: Sender | Recall, reason: str | None, cause: str, prospect: Prospect
    ) -> None:
        """Tell how a transfer, or a recall instead of one, ended."""
        report = sender.report
        self._log(
            "transfer_end",
            device=self._device,
            transfer=sender.transfer,
            variant=sender.offer.variant,
            cause=cause,
            outcome=sender.outcome.value if sender.outcome else None,
            reason=reason,
            size_bytes=sender.offer.size_bytes,
            seconds=report.seconds if report else None,
            topology_sent=sender.topology_sent.sent,
            topology_lost=report.topology_lost if report else None,
            topology_intact=report.topology_intact if report else None,
            weights_sent=sender.weights_sent.sent,
            weights_spared=sender.weights_sent.spared,
            weights_lost=report.weights_lost if report else None,
            weights_repaired=report.weights_repaired if report else None,
            weights_intact=report.weights_intact if report else None,
            accuracy=report.accuracy if report else None,
            fault=report.fault if report else None,
            **asdict(prospect),
        )
