"""What any network owes its services: the same tests against the fake and the simulated one."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Any, Protocol, cast

import pytest

from builders.reservations import demand, reservation
from fakes.clock import FakeClock
from fakes.network import FakeNetwork
from fakes.storage import MemoryStorage
from nef.domain.errors import Conflict, ResourcesRefused, UeNotFound
from nef.domain.faultplan import FaultPlan
from nef.domain.sessions import UeAddress
from nef.domain.units import PacketErrorRate
from nef.network.simulator.clock import SimulationClock
from nef.network.simulator.faults import FaultyNetwork
from nef.network.simulator.information import SimulatedInformation
from nef.network.simulator.network import SimulatedNetwork
from nef.ports.information import FlowClass
from nef.ports.network import Network
from nef.processes.answering import Answering
from nef.processes.remote import Caller, Remote
from nef.services.faults import FaultService

UE_1 = UeAddress(ipv4=IPv4Address("10.45.0.2"))
UE_2 = UeAddress(gpsi="msisdn-001010000000002")
ORDINARY = PacketErrorRate(1, 3)


class Stage(Protocol):
    """A network with two UEs in one cell, and the hand of fate."""

    @property
    def network(self) -> Network: ...

    @property
    def now_s(self) -> float: ...

    def cover(self, ue_id: str, covered: bool) -> None: ...

    def attach(self, ue_id: str, attached: bool) -> None: ...

    def free_bps(self, ue_id: str) -> int: ...


class FakeStage:
    def __init__(self, _: ExitStack) -> None:
        self.clock = FakeClock()
        second = UeAddress(ipv6=IPv6Address("2001:db8::3"), gpsi=UE_2.gpsi)
        self.network = FakeNetwork({"ue-1": UE_1, "ue-2": second})

    @property
    def now_s(self) -> float:
        return self.clock.now_s()

    def cover(self, ue_id: str, covered: bool) -> None:
        self.network.covered[ue_id] = covered

    def attach(self, ue_id: str, attached: bool) -> None:
        (self.network.detached.discard if attached else self.network.detached.add)(ue_id)

    def free_bps(self, ue_id: str) -> int:
        return self.network.free_bps(ue_id)


def two_ues() -> dict[str, Any]:
    ids = ({"ipv4": "10.45.0.2"}, {"ipv6": "2001:db8::3"})
    ues = [
        {
            "id": f"ue-{n}",
            "gpsi": f"msisdn-00101000000000{n}",
            "supi": f"imsi-00101000000000{n}",
            "cell": "cell-1",
            "radio": {"sinr_db": 22},
        }
        | address
        for n, address in enumerate(ids, 1)
    ]
    return {"name": "two", "cells": [{"id": "cell-1", "bandwidth_mhz": 20}], "ues": ues}


class SimulatedStage:
    def __init__(self, _: ExitStack) -> None:
        self.clock = SimulationClock(FakeClock().now_s)
        self.inside = SimulatedNetwork(self.clock)
        self.inside.load(two_ues(), None, "manual", self.now_s)
        self.network: Network = self.inside

    @property
    def now_s(self) -> float:
        return self.clock.now_s()

    def cover(self, ue_id: str, covered: bool) -> None:
        self.inside.force_sinr(ue_id, None if covered else -30.0, self.now_s)

    def attach(self, ue_id: str, attached: bool) -> None:
        self.inside.attach(ue_id, attached, self.now_s)

    def free_bps(self, ue_id: str) -> int:
        information = SimulatedInformation(self.inside.stage)
        least = FlowClass(ORDINARY, 127)
        course = information.ue_course(ue_id, least, self.now_s, self.now_s, self.now_s)
        assert course is not None
        return course.moments[0].rate_dl.bps


class FaultlessStage(SimulatedStage):
    """The simulated network as it is served: with faults around it, none of which is set."""

    def __init__(self, end: ExitStack) -> None:
        super().__init__(end)
        faults = FaultService(MemoryStorage(), FaultPlan, lambda: 0.0, lambda: None, lambda _: True)
        self.network = FaultyNetwork(self.inside, faults)


class RemoteStage(FaultlessStage):
    """The same as the other processes of a service call it."""

    def __init__(self, end: ExitStack) -> None:
        super().__init__(end)
        path = Path(end.enter_context(tempfile.TemporaryDirectory())) / "network"
        answering = Answering(path, b"secret", {"network": self.network})
        end.callback(answering.close)
        caller = Caller(path, b"secret", patience_s=0.0, answer_s=10.0)
        self.network = cast("Network", Remote(caller, "network"))


@pytest.fixture(params=[FakeStage, SimulatedStage, FaultlessStage, RemoteStage])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    make: Callable[[ExitStack], Stage] = request.param
    with ExitStack() as end:
        yield make(end)


def free_mbps(stage: Stage, ue_id: str = "ue-1") -> float:
    return stage.free_bps(ue_id) / 1e6


def test_a_ue_is_found_by_each_of_its_identities(stage: Stage) -> None:
    assert stage.network.find_ue(UE_1) == "ue-1"
    assert stage.network.find_ue(UE_2) == "ue-2"
    assert stage.network.addresses(UE_1) == [UE_1.ipv4]
    assert stage.network.addresses(UE_2) == [IPv6Address("2001:db8::3")]
    assert stage.network.addresses(UeAddress(gpsi="msisdn-0")) == []
    assert stage.network.find_ue(UeAddress(ipv6=IPv6Address("2001:db8::3"))) == "ue-2"


@pytest.mark.parametrize(
    ("places", "found"),
    [
        (["10.45.0.2"], {"ue-1"}),
        (["10.45.0.2", "2001:db8::3", "10.45.0.99"], {"ue-1", "ue-2"}),
        (["2001:db8::/64"], {"ue-2"}),
        (["2001:db8::3/128", "2001:db8::3"], {"ue-2"}),
        (["::/0"], {"ue-2"}),
        (["2001:db8:0:1::/64", "2001:db8::4", "::/96"], set()),
    ],
)
def test_ues_are_found_by_their_addresses_and_by_prefixes_that_have_them(
    stage: Stage, places: list[str], found: set[str]
) -> None:
    named = [IPv6Network(one) if "/" in one else ip_address(one) for one in places]
    assert set(stage.network.ues_at(named)) == found


@pytest.mark.parametrize(
    ("ue", "pointer"),
    [
        (UeAddress(ipv4=IPv4Address("10.45.0.99")), "/ueIpv4Addr"),
        (UeAddress(ipv6=IPv6Address("2001:db8::99")), "/ueIpv6Addr"),
        (UeAddress(gpsi="msisdn-99999"), "/gpsi"),
    ],
)
def test_an_unknown_ue_is_named_with_the_parameter_that_named_it(
    stage: Stage, ue: UeAddress, pointer: str
) -> None:
    with pytest.raises(UeNotFound) as caught:
        stage.network.find_ue(ue)
    assert caught.value.param.pointer == pointer


def test_a_session_gets_the_best_rung_that_fits(stage: Stage) -> None:
    wanted = reservation("s", demand(1000, 20), demand(5, component=2))
    assert stage.network.reserve(wanted, stage.now_s) == {1: 1, 2: 0}
    assert stage.network.levels("s") == {1: 1, 2: 0}


def test_a_session_that_does_not_fit_is_refused_whole_and_told_what_would_do(stage: Stage) -> None:
    free = free_mbps(stage)
    wanted = reservation("s", demand(free + 1), demand(10, component=2))
    with pytest.raises(ResourcesRefused) as caught:
        stage.network.reserve(wanted, stage.now_s)
    assert stage.network.levels("s") is None
    assert free_mbps(stage) == free
    offers = caught.value.acceptable
    assert offers[1].bps % 1000 == 0
    accepted = reservation(
        "s", demand(offers[1].bps / 1e6), demand(offers[2].bps / 1e6, component=2)
    )
    assert stage.network.reserve(accepted, stage.now_s) == {1: 0, 2: 0}


def test_what_is_reported_is_what_is_admitted(stage: Stage) -> None:
    stage.network.reserve(reservation("first", demand(17), ue="ue-2"), stage.now_s)
    free_bps = stage.free_bps("ue-1")
    more = reservation("s", demand((free_bps + 1) / 1e6, priority=99))
    with pytest.raises(ResourcesRefused):
        stage.network.reserve(more, stage.now_s)
    just = reservation("s", demand(free_bps / 1e6, priority=99))
    assert stage.network.reserve(just, stage.now_s) == {1: 0}
    assert stage.free_bps("ue-1") == 0


def test_asking_again_for_the_same_changes_nothing(stage: Stage) -> None:
    first = stage.network.reserve(reservation(), stage.now_s)
    free = free_mbps(stage)
    assert stage.network.reserve(reservation(), stage.now_s) == first
    assert free_mbps(stage) == free


def test_a_change_that_is_refused_leaves_what_was_there(stage: Stage) -> None:
    stage.network.reserve(reservation("s", demand(20)), stage.now_s)
    free = free_mbps(stage)
    with pytest.raises(ResourcesRefused):
        stage.network.reserve(reservation("s", demand(5000)), stage.now_s)
    assert stage.network.levels("s") == {1: 0}
    assert free_mbps(stage) == free


def test_a_change_may_use_what_the_session_holds_itself(stage: Stage) -> None:
    free = free_mbps(stage)
    stage.network.reserve(reservation("s", demand(free * 0.9)), stage.now_s)
    assert stage.network.reserve(reservation("s", demand(free * 0.95)), stage.now_s) == {1: 0}


def test_who_was_overtaken_changes_nothing(stage: Stage) -> None:
    first, last = demand(10), demand(20)
    later = replace(reservation("s", last), version=2)
    late = replace(reservation("s", first), version=1)
    stage.network.restore((later,), stage.now_s)
    free = free_mbps(stage)
    with pytest.raises(Conflict):
        stage.network.reserve(late, stage.now_s)
    stage.network.hold(late, stage.now_s)
    stage.network.restore((late,), stage.now_s)
    assert free_mbps(stage) == free
    stage.network.hold(replace(late, version=3), stage.now_s)
    assert free_mbps(stage) > free


def test_what_a_session_holds_instead_need_not_fit(stage: Stage) -> None:
    free = free_mbps(stage)
    first = reservation("s", demand(free / 2))
    stage.network.reserve(first, stage.now_s)
    stage.network.reserve(reservation("t", demand(free / 3), since_s=1.0), stage.now_s)
    stage.network.hold(replace(first, demands=(demand(free),), version=1), stage.now_s)
    assert stage.network.levels("s") == {1: 0}


def test_nothing_is_held_again_by_a_session_that_was_released(stage: Stage) -> None:
    """Whoever asks is slow: he began before the session ended, and is heard of afterwards."""
    free = free_mbps(stage)
    first = reservation("s")
    change = replace(first, version=2)
    stage.network.reserve(first, stage.now_s)
    stage.network.release("s", stage.now_s)
    with pytest.raises(Conflict):
        stage.network.reserve(change, stage.now_s)
    stage.network.hold(change, stage.now_s)
    assert stage.network.levels("s") is None
    assert free_mbps(stage) == free


def test_a_session_that_was_released_before_it_was_admitted_is_not_admitted(stage: Stage) -> None:
    free = free_mbps(stage)
    stage.network.release("s", stage.now_s)
    with pytest.raises(Conflict):
        stage.network.reserve(reservation("s"), stage.now_s)
    assert stage.network.levels("s") is None
    assert free_mbps(stage) == free
    assert stage.network.reserve(reservation("t"), stage.now_s) == {1: 0}


def test_a_network_that_begins_knows_which_sessions_there_are(stage: Stage) -> None:
    known, gone = replace(reservation("s"), version=1), replace(reservation("t"), version=1)
    stage.network.restore((known,), stage.now_s)
    assert stage.network.reserve(replace(known, version=2), stage.now_s) == {1: 0}
    with pytest.raises(Conflict):
        stage.network.reserve(gone, stage.now_s)


def test_a_session_whose_ue_has_left_is_not_changed_any_more(stage: Stage) -> None:
    first = reservation("s")
    stage.network.reserve(first, stage.now_s)
    stage.attach("ue-1", attached=False)
    with pytest.raises(Conflict):
        stage.network.reserve(replace(first, version=2), stage.now_s)
    assert stage.network.levels("s") is None


def test_what_is_released_is_available_again(stage: Stage) -> None:
    free = free_mbps(stage)
    stage.network.reserve(reservation(), stage.now_s)
    assert free_mbps(stage) < free
    stage.network.release("session-1", stage.now_s)
    stage.network.release("session-1", stage.now_s)
    assert free_mbps(stage) == free
    assert stage.network.levels("session-1") is None


def test_a_more_important_newcomer_makes_a_worse_session_fall_and_the_tick_says_so(
    stage: Stage,
) -> None:
    free = free_mbps(stage)
    ladder = demand(free * 0.7, 1, priority=30)
    stage.network.reserve(reservation("worse", ladder), stage.now_s)
    better = reservation("better", demand(free * 0.7, priority=10), ue="ue-2", since_s=1)
    assert stage.network.reserve(better, stage.now_s) == {1: 0}
    assert stage.network.tick(stage.now_s).levels == {"worse": {1: 1}}
    assert stage.network.tick(stage.now_s).levels == {}
    stage.network.release("better", stage.now_s)
    assert stage.network.tick(stage.now_s).levels == {"worse": {1: 0}}


def test_an_equal_newcomer_displaces_nobody(stage: Stage) -> None:
    free = free_mbps(stage)
    stage.network.reserve(reservation("b", demand(free * 0.7, 1)), stage.now_s)
    with pytest.raises(ResourcesRefused):
        stage.network.reserve(reservation("a", demand(free * 0.7)), stage.now_s)
    assert stage.network.levels("b") == {1: 0}


def test_without_coverage_a_session_waits_for_its_resources(stage: Stage) -> None:
    stage.cover("ue-1", covered=False)
    assert free_mbps(stage) == 0
    assert stage.network.reserve(reservation("s", demand(5)), stage.now_s) == {1: None}
    assert stage.network.tick(stage.now_s).levels == {}
    stage.cover("ue-1", covered=True)
    assert stage.network.tick(stage.now_s).levels == {"s": {1: 0}}


def test_a_session_that_loses_coverage_holds_nothing(stage: Stage) -> None:
    free = free_mbps(stage, "ue-2")
    stage.network.reserve(reservation("s", demand(5), demand(None, component=2)), stage.now_s)
    stage.cover("ue-1", covered=False)
    assert stage.network.tick(stage.now_s).levels == {"s": {1: None, 2: None}}
    assert free_mbps(stage, "ue-2") == free


def test_a_flow_without_guarantee_holds_nothing_and_is_never_refused(stage: Stage) -> None:
    free = free_mbps(stage)
    stage.network.reserve(reservation("full", demand(free)), stage.now_s)
    assert stage.network.reserve(reservation("s", demand(None)), stage.now_s) == {1: 0}


def test_a_ue_that_leaves_takes_its_sessions_with_it(stage: Stage) -> None:
    free = free_mbps(stage, "ue-2")
    stage.network.reserve(reservation("s", demand(5)), stage.now_s)
    stage.attach("ue-1", attached=False)
    assert stage.network.tick(stage.now_s).ended == ("s",)
    assert stage.network.levels("s") is None
    assert free_mbps(stage, "ue-2") == free
    with pytest.raises(UeNotFound):
        stage.network.find_ue(UE_1)
    stage.network.release("s", stage.now_s)
    assert stage.network.tick(stage.now_s).ended == ()


def test_a_restored_session_is_served_whether_it_fits_or_not(stage: Stage) -> None:
    free = free_mbps(stage)
    restored = [reservation(f"s{n}", demand(free * 0.7), since_s=n) for n in (2, 1)]
    stage.network.restore(restored, stage.now_s)
    assert stage.network.levels("s1") == {1: 0}
    assert stage.network.levels("s2") == {1: None}
    stage.network.release("s1", stage.now_s)
    assert stage.network.tick(stage.now_s).levels == {"s2": {1: 0}}


def test_a_session_of_a_ue_that_is_gone_is_restored_only_to_be_ended(stage: Stage) -> None:
    stage.network.restore([reservation("s", ue="nobody")], stage.now_s)
    assert stage.network.levels("s") is None
    assert stage.network.tick(stage.now_s).ended == ("s",)


def test_the_order_of_restoring_does_not_matter(stage: Stage) -> None:
    free = free_mbps(stage)
    sessions = [reservation(f"s{n}", demand(free * 0.4, 1), since_s=n % 3) for n in range(5)]
    for one in sessions:
        stage.network.restore([one], stage.now_s)
    before = {s.session_id: stage.network.levels(s.session_id) for s in sessions}
    stage.network.restore(reversed(sessions), stage.now_s)
    assert {s.session_id: stage.network.levels(s.session_id) for s in sessions} == before


def test_many_threads_never_win_the_same_megabit() -> None:
    stage = SimulatedStage(ExitStack())
    free = free_mbps(stage)
    admitted: list[str] = []

    def ask(worker: int) -> None:
        for n in range(20):
            name = f"{worker}-{n}"
            try:
                stage.network.reserve(reservation(name, demand(free / 10)), stage.now_s)
                admitted.append(name)
            except ResourcesRefused:
                stage.network.tick(stage.now_s)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 8 <= len(admitted) <= 10
    assert all(stage.network.levels(name) == {1: 0} for name in admitted)
