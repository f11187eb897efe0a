"""The examples of docs/client.md, run as they stand there against a service."""

import re
from pathlib import Path
from typing import Any

import pytest
import requests

from af_client import (
    Candidate,
    FlowFilter,
    MediaFlow,
    NefClient,
    NotificationReceiver,
    Plan,
    Session,
    SessionRequest,
    UeAddress,
)
from builders.plan_requests import intrude
from builders.plans import busy_then_idle
from builders.service import RULE
from nef.testing import RunningNef

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def service(nef_server: RunningNef) -> RunningNef:
    nef_server.reset("fading-ue")
    return nef_server


def example(name: str) -> Any:
    """A function of the page, with what stands around it."""
    (block,) = [block for block in BLOCKS if f"def {name}(" in block]
    names: dict[str, Any] = {}
    exec(compile(block, "docs/client.md", "exec"), names)  # noqa: S102 - our own page
    return names[name]


def test_the_largest_variant_that_arrives_in_time_is_chosen(service: RunningNef) -> None:
    choose, nef = example("choose"), NefClient(service.url, "af-1")
    sizes = {"small": 100_000, "medium": 1_500_000, "large": 8_000_000, "huge": 90_000_000}
    assert choose(nef, sizes, 1.0) == "large"
    service.step(16)
    assert choose(nef, sizes, 1.0) == "small"
    assert choose(nef, sizes, 0.001) is None


def request(*rates_bps: int) -> SessionRequest:
    flows = tuple(
        MediaFlow(
            number,
            (FlowFilter(number, (RULE,), f"{number:02x}fc"),),
            per="1E-3",
            min_rate_dl_bps=rate_bps,
        )
        for number, rate_bps in enumerate(rates_bps, 1)
    )
    destination = "http://127.0.0.1:9/not-listening"
    return SessionRequest(
        UeAddress(ipv4="10.45.0.2"), flows=flows, notification_destination=destination
    )


def test_a_refusal_leads_to_the_session_that_the_network_can_give(
    service: RunningNef, capsys: pytest.CaptureFixture[str]
) -> None:
    session = example("ask")(NefClient(service.url, "af-1"), request(500_000_000))
    assert isinstance(session, Session)
    assert session.flow(1).min_rate_dl_bps == pytest.approx(121_400_000, rel=0.01)
    assert capsys.readouterr().out.startswith("flow 1: up to 12")


def test_a_refusal_of_two_flows_leads_there_too(service: RunningNef) -> None:
    session = example("ask")(NefClient(service.url, "af-1"), request(1_000_000, 500_000_000))
    assert isinstance(session, Session)
    assert session.flow(1).min_rate_dl_bps == 1_000_000
    assert session.flow(2).min_rate_dl_bps == pytest.approx(120_000_000, rel=0.02)


def test_where_nothing_is_offered_there_is_no_session(service: RunningNef) -> None:
    ask, nef = example("ask"), NefClient(service.url, "af-1")
    assert ask(nef, request(500_000_000)) is not None  # takes all that the cell has left
    assert ask(nef, request(1_000_000)) is None


def test_what_is_watched_is_printed(
    service: RunningNef, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: service.step(2))
    with NotificationReceiver() as receiver:
        example("follow_everything")(NefClient(service.url, "af-1"), receiver)
    printed = capsys.readouterr().out
    assert "QosOutlook(" in printed
    assert "rate_dl_bps=12500000" in printed
    assert "n_bytes=8000000" in printed
    path = "/3gpp-analyticsexposure/v1/af-1/subscriptions"
    assert requests.get(service.url + path, timeout=60).json() == []


def test_a_planned_transfer_is_chosen_and_kept(
    service: RunningNef, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = busy_then_idle()
    document["ues"][2]["background"][-1]["until_s"] = 110  # so the first window is the longest
    service.load(document)
    nef = NefClient(service.url, "af-1")
    with NotificationReceiver() as receiver:
        warnings = receiver.warnings()
        plan = example("plan_ahead")(nef, warnings)
        assert plan.chosen == plan.candidates[0]
        service.step(20)
        intrude(service)
        service.step(2)
        assert nef.plan(plan.id).chosen is None

        def choose_once(plan: Plan, candidate: Candidate) -> Plan:
            warnings.close()
            return NefClient.choose(nef, plan, candidate)

        monkeypatch.setattr(nef, "choose", choose_once)
        example("keep")(nef, plan, warnings)
    assert capsys.readouterr().out.startswith("now Candidate(id=")


def test_a_transfer_that_fits_at_no_time_is_not_planned(
    service: RunningNef, capsys: pytest.CaptureFixture[str]
) -> None:
    document = busy_then_idle(cells=[{"id": "cell-1", "bandwidth_mhz": 5}])
    service.load(document)
    with NotificationReceiver() as receiver:
        assert example("plan_ahead")(NefClient(service.url, "af-1"), receiver.warnings()) is None
    assert capsys.readouterr().out.startswith("no plan: at no time that would do")
