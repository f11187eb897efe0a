"""Analytics: the answer of the network that admits, and the pointer of the question."""

import pytest

from fakes.clock import FakeClock
from fakes.network import FakeNetwork
from nef.domain.errors import UeNotFound
from nef.domain.sessions import UeAddress
from nef.services.analytics import AnalyticsService

GPSI = "msisdn-001010000000001"


def service(network: FakeNetwork) -> AnalyticsService:
    return AnalyticsService(network, FakeClock(100.0))


def test_the_answer_is_what_the_network_says_of_the_ue_now() -> None:
    network = FakeNetwork(ues={"ue-1": UeAddress(gpsi=GPSI)}, capacity_kbps=5000)
    moment, found = service(network).performance(GPSI)
    assert moment == 100.0
    assert found.ue_id == "ue-1"
    assert found.rate_dl.bps == 5_000_000
    assert found.until_s > moment


def test_a_ue_that_nobody_knows_is_not_found_where_the_question_named_it() -> None:
    with pytest.raises(UeNotFound) as refusal:
        service(FakeNetwork(ues={})).performance(GPSI)
    assert refusal.value.param.pointer == "/tgtUe/gpsi"
    assert GPSI in refusal.value.param.reason
