"""Words for what is to be measured."""

import pytest

from af_client import QosMonitoring


def test_a_threshold_is_told_when_it_is_crossed_and_a_period_on_time() -> None:
    delay = QosMonitoring.of_delay(threshold_ms=30, wait_s=5)
    assert (delay.parameters, delay.frequencies) == (("DOWNLINK",), ("EVENT_TRIGGERED",))
    assert (delay.delay_dl_ms, delay.wait_s, delay.period_s) == (30, 5, None)
    rate = QosMonitoring.of_rate(period_s=2)
    assert (rate.parameters, rate.frequencies) == (("DOWNLINK_DATA_RATE",), ("PERIODIC",))
    congestion = QosMonitoring.of_congestion(threshold_percent=0, period_s=1)
    assert congestion.frequencies == ("EVENT_TRIGGERED", "PERIODIC")
    assert congestion.congestion_dl_percent == 0


@pytest.mark.parametrize("make", [QosMonitoring.of_delay, QosMonitoring.of_rate])
def test_what_would_never_be_told_is_refused(make: type[QosMonitoring]) -> None:
    with pytest.raises(ValueError, match="a threshold, a period_s, or both"):
        make(wait_s=5)  # type: ignore[call-arg]


def test_a_rate_is_checked_where_it_is_written() -> None:
    with pytest.raises(ValueError, match=r"rate_dl_bps is 2\.5"):
        QosMonitoring.of_rate(threshold_bps=2.5)  # type: ignore[arg-type]
