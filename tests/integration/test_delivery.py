"""Model server and device against each other: real sockets, a relay that loses what it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from af_client.delivery.incoming import Received
from af_client.delivery.marking import Marking
from af_client.delivery.tunnel import Endpoint
from af_client.delivery.wire import SEGMENT_BYTES, Message, MessageType, Part
from af_client.device.library import preinstalled
from af_client.device.process import DeviceSettings, run_device
from af_client.device.recognition import Model
from af_client.models.labelled import LabelledSet
from af_client.models.pool import Manifest, Pool, PoolUnusable, entry_of, write_pool
from af_client.models.split import Split
from af_client.modelserver.policy import Policy
from af_client.modelserver.server import ServerSettings, run_server
from fakes.log import FakeLog
from fakes.nef import FakeNef, fake_nef
from fakes.userplane import LoopbackRelay, Loss, loopback_relay, no_loss

SERVER = Endpoint(ip_address("10.60.0.1"), 7000)
DEVICE = Endpoint(ip_address("10.45.0.2"), 7001)
SPLITS = {
    "small": Split(b"topology of the small one" * 10, bytes(range(256)) * 40),
    "large": Split(b"topology of the large one" * 200, bytes(range(256)) * 2000),
}
POLICY = Policy(poll_s=0.05, dwell_s=0.1)
DIGITS = LabelledSet("digits", np.zeros((20, 8, 8), np.float32), np.zeros(20, np.int64))


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pool")
    accuracies = {"small": 0.8, "large": 0.9}
    entries = tuple(
        entry_of(name, split, accuracy=accuracies[name], parameters=1)
        for name, split in SPLITS.items()
    )
    write_pool(folder, Manifest(1, 1, 7, len(DIGITS), entries), SPLITS)
    return folder


class WatchedLog(FakeLog):
    """A log that a test can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._said_more = threading.Condition()

    def __call__(self, event: str, /, **fields: Any) -> None:
        json.dumps(fields)
        with self._said_more:
            super().__call__(event, **fields)
            self._said_more.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self._said_more:
            assert self._said_more.wait_for(condition, 120), self.said

    def wait_for_event(self, event: str, times: int = 1) -> dict[str, Any]:
        self.wait_for(lambda: len(self.of(event)) >= times)
        return self.of(event)[times - 1]


@dataclass
class World:
    """A model server and a device that run, and what they said and received."""

    nef: FakeNef
    relay: LoopbackRelay
    server: WatchedLog = field(default_factory=WatchedLog)
    device: WatchedLog = field(default_factory=WatchedLog)
    received: list[Received] = field(default_factory=list)

    def load(self, received: Received) -> Model:
        self.received.append(received)
        return len


@contextmanager
def a_world(
    pool: Path,
    lost: Loss = no_loss,
    refresh_s: float = 60.0,
    bandwidth: str = "100 Mbps",
    application: str = "one-shot-object-recognition",
    policy: Policy = POLICY,
) -> Iterator[World]:
    """Everything at work, until the end of the block, when all ends in order."""
    with ExitStack() as stack:
        relay = stack.enter_context(loopback_relay(lost))
        world = World(stack.enter_context(fake_nef()), relay)
        world.nef.bandwidth = bandwidth
        server = ServerSettings(world.nef.url, "af", relay.n6, SERVER, pool, policy=policy)
        stack.enter_context(running(lambda stop: run_server(server, stop, world.server)))
        world.server.wait_for_event("server_ready")
        device = DeviceSettings(relay.radio, DEVICE, SERVER, "msisdn-1", application, refresh_s)
        stack.enter_context(
            running(lambda stop: run_device(device, DIGITS, stop, world.device, world.load))
        )
        yield world


APPLICATION = "one-shot-object-recognition"


@contextmanager
def running(run: Callable[[threading.Event], None]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(120)
        assert not thread.is_alive()


def losing(part: Part, *indices: int) -> Loss:
    """Lose these segments once each."""
    left = set(indices)

    def lost(message: Message) -> bool:
        if message.type is not MessageType.DATA or message.part is not part:
            return False
        return message.index in left and not left.discard(message.index)  # type: ignore[func-returns-value] # None is what we want

    return lost


def never(part: Part, *indices: int) -> Loss:
    """Lose these segments whenever they are sent."""
    return lambda m: m.type is MessageType.DATA and m.part is part and m.index in indices


def test_a_model_goes_from_the_pool_to_the_device(pool: Path) -> None:
    with a_world(pool) as world:
        ready = world.device.wait_for_event("model_ready")
        ended = world.server.wait_for_event("transfer_end")
        world.device.wait_for_event("recognised")
    (received,) = world.received
    assert received.topology == SPLITS["large"].topology
    assert received.weights == SPLITS["large"].weights
    assert (ready["variant"], ready["accuracy"], ready["weights_lost"]) == ("large", 1.0, 0)
    assert (ended["outcome"], ended["topology_lost"]) == ("delivered", 0)


def test_lost_weights_are_zeros_in_the_end_and_a_lost_topology_comes_again(pool: Path) -> None:
    weights, topology = never(Part.WEIGHTS, 3, 100), losing(Part.TOPOLOGY, 1)
    with a_world(pool, lambda m: weights(m) or topology(m)) as world:
        ready = world.device.wait_for_event("model_ready")
        ended = world.server.wait_for_event("transfer_end")
    (received,) = world.received
    assert received.topology == SPLITS["large"].topology
    assert received.weights[3 * SEGMENT_BYTES : 4 * SEGMENT_BYTES] == bytes(SEGMENT_BYTES)
    assert received.weights[: 3 * SEGMENT_BYTES] == SPLITS["large"].weights[: 3 * SEGMENT_BYTES]
    assert (ready["weights_intact"], ready["topology_lost"]) == (False, 1)
    assert ended["topology_sent"] == ready["topology_segments"] + 1


def test_weights_that_were_lost_are_sent_again_while_there_is_time(pool: Path) -> None:
    # The second one was lost when it was sent again, too.
    once, twice = losing(Part.WEIGHTS, 3, 100), losing(Part.WEIGHTS, 100)
    patient = Policy(poll_s=0.05, budget_s=30.0, margin_s=29.0)
    with a_world(pool, lambda m: once(m) or twice(m), policy=patient) as world:
        ready = world.device.wait_for_event("model_ready")
    (received,) = world.received
    assert received.weights == SPLITS["large"].weights
    said = (ready["weights_lost"], ready["weights_repaired"], ready["weights_intact"])
    assert said == (0, 2, True)


def test_a_notification_over_http_changes_the_model(pool: Path) -> None:
    with a_world(pool) as world:
        world.server.wait_for_event("transfer_end")
        world.nef.notify("QOS_NOT_GUARANTEED", 2, ref="small")
        world.device.wait_for_event("model_ready", times=2)
        world.nef.notify("QOS_GUARANTEED", 2)
        world.device.wait_for_event("model_ready", times=3)
    assert [m["variant"] for m in world.device.of("model_ready")] == ["large", "small", "large"]
    causes = [e["cause"] for e in world.server.of("transfer_start")]
    assert causes == ["missing", "notification", "notification"]


def test_reported_bandwidth_above_the_ladder_changes_the_session_and_the_model(pool: Path) -> None:
    with a_world(pool, bandwidth="2 Mbps") as world:
        assert world.device.wait_for_event("model_ready")["variant"] == "small"
        world.nef.bandwidth = "100 Mbps"
        assert world.device.wait_for_event("model_ready", times=2)["variant"] == "large"
        world.server.wait_for_event("transfer_end", times=2)
    assert "PATCH" in [method for method, _ in world.nef.asked]
    assert world.server.of("transfer_end")[1]["cause"] == "bandwidth"


def test_a_camera_at_a_nef_that_cannot_plan_is_served_like_others(pool: Path) -> None:
    camera = "person-identification-in-surveillance"
    with a_world(pool, bandwidth="2 Mbps", application=camera) as world:
        assert world.device.wait_for_event("model_ready")["variant"] == "small"
        refused = world.server.wait_for_event("plan")
        world.nef.bandwidth = "100 Mbps"
        assert world.device.wait_for_event("model_ready", times=2)["variant"] == "large"
    assert (refused["variant"], refused["state"]) == ("large", "refused")
    assert len(world.server.of("plan")) == 1
    assert world.server.of("nef_failed") == []


def test_a_refusal_with_what_is_acceptable_leads_to_the_smaller_model(pool: Path) -> None:
    parts = {str(n): {"medCompN": n, "marBwDl": rate} for n, rate in ((1, "1 Mbps"), (2, "2 Mbps"))}
    refusal = {"status": 403, "acceptableServInfo": {"accBwMedComps": parts}}
    with fake_nef() as nef, loopback_relay() as relay:
        nef.refuse = [refusal]
        world = World(nef, relay)
        # Nobody looks at the bandwidth again, which would soon lead to the larger one.
        policy = Policy(poll_s=60.0)
        server = ServerSettings(nef.url, "af", relay.n6, SERVER, pool, policy=policy)
        device = DeviceSettings(relay.radio, DEVICE, SERVER, "msisdn-1", APPLICATION, 60.0)
        with (
            running(lambda stop: run_server(server, stop, world.server)),
            running(lambda stop: run_device(device, DIGITS, stop, world.device, world.load)),
        ):
            assert world.device.wait_for_event("model_ready")["variant"] == "small"
    assert [s["state"] for s in world.server.of("session")][:2] == ["refused", "created"]


def test_a_stale_model_is_delivered_again(pool: Path) -> None:
    with a_world(pool, refresh_s=0.1) as world:
        world.device.wait_for_event("model_ready", times=3)
    assert [e["cause"] for e in world.server.of("transfer_start")][:3] == [
        "missing",
        "stale",
        "stale",
    ]


def test_a_restarted_device_serves_at_once_with_what_it_kept_and_nothing_is_sent_again(
    pool: Path, tmp_path: Path
) -> None:
    with fake_nef() as nef, loopback_relay() as relay:
        world = World(nef, relay)
        folder = tmp_path / "store"
        device = DeviceSettings(
            relay.radio, DEVICE, SERVER, "msisdn-1", APPLICATION, 60.0, folder, 10**6
        )
        server = ServerSettings(nef.url, "af", relay.n6, SERVER, pool, policy=POLICY)
        with running(lambda stop: run_server(server, stop, world.server)):
            with running(lambda stop: run_device(device, DIGITS, stop, world.device, world.load)):
                assert world.device.wait_for_event("store")["state"] == "kept"
                world.server.wait_for_event("transfer_end")
            with running(lambda stop: run_device(device, DIGITS, stop, world.device, world.load)):
                begun = world.device.wait_for_event("interim_model")
                ended = world.server.wait_for_event("transfer_end", times=2)
    assert (begun["variant"], begun["source"]) == ("large", "store")
    assert (ended["outcome"], ended["cause"]) == ("already_there", "missing")
    assert len(world.server.of("transfer_start")) == 1
    assert bytes(world.received[-1].weights) == SPLITS["large"].weights


def test_a_model_that_came_with_the_device_serves_until_the_right_one_is_there(pool: Path) -> None:
    own = preinstalled(Pool(pool), "small")
    with fake_nef() as nef, loopback_relay() as relay:
        world = World(nef, relay)
        device = DeviceSettings(
            relay.radio, DEVICE, SERVER, "msisdn-1", APPLICATION, 60.0, preinstalled=own
        )
        with running(lambda stop: run_device(device, DIGITS, stop, world.device, world.load)):
            # There is no server yet.
            assert world.device.wait_for_event("recognised")["variant"] == "small"
            server = ServerSettings(nef.url, "af", relay.n6, SERVER, pool, policy=POLICY)
            with running(lambda stop: run_server(server, stop, world.server)):
                assert world.device.wait_for_event("model_ready")["variant"] == "large"
                world.device.wait_for(lambda: world.device.last("recognised")["variant"] == "large")
    assert world.server.of("transfer_start")[0]["cause"] == "missing"


@pytest.mark.parametrize(
    ("marking", "ports", "octets"),
    [(Marking.TOS, {7000}, {0xB8, 0x28}), (Marking.PORTS, {7000, 7001}, {0})],
)
def test_the_two_parts_come_marked_as_the_caller_chose(
    pool: Path, marking: Marking, ports: set[int], octets: set[int]
) -> None:
    with a_world(pool, policy=replace(POLICY, marking=marking)) as world:
        assert world.device.wait_for_event("model_ready")["weights_intact"] is True
        (session,) = world.nef.sessions.values()
    assert (world.relay.ports, set(world.relay.tos)) == (ports, octets)
    filters = [flow["flowInfos"][0] for flow in session["multiModDatFlows"].values()]
    assert {int(f["flowDescriptions"][0].split()[5]) for f in filters} == ports
    assert {"tosTC" in f for f in filters} == {marking is Marking.TOS}


def test_when_the_device_ends_its_session_is_deleted(pool: Path) -> None:
    with a_world(pool) as world:
        world.device.wait_for_event("model_ready")
    assert world.nef.sessions == {}
    assert world.server.last("session")["state"] == "deleted"


def test_what_an_earlier_server_left_for_the_ue_is_deleted_first(pool: Path) -> None:
    with fake_nef() as nef, loopback_relay() as relay:
        left, _ = nef.add_session(
            {"ueIpv4Addr": "10.45.0.2", "notificationDestination": "http://x"}
        )
        other, _ = nef.add_session(
            {"ueIpv4Addr": "10.45.0.9", "notificationDestination": "http://x"}
        )
        world = World(nef, relay)
        server = ServerSettings(nef.url, "af", relay.n6, SERVER, pool)
        device = DeviceSettings(relay.radio, DEVICE, SERVER, "msisdn-1", APPLICATION, 60.0)
        with (
            running(lambda stop: run_server(server, stop, world.server)),
            running(lambda stop: run_device(device, DIGITS, stop, world.device, world.load)),
        ):
            world.device.wait_for_event("model_ready")
            assert left not in nef.sessions
            assert other in nef.sessions
            assert len(nef.sessions) == 2


def test_a_nef_that_comes_late_is_waited_for(pool: Path) -> None:
    with loopback_relay() as relay:
        log, world_log = WatchedLog(), WatchedLog()
        nef = FakeNef()
        url = nef.url
        nef.server_close()  # its port is known, and nobody listens yet
        server = ServerSettings(url, "af", relay.n6, SERVER, pool)
        device = DeviceSettings(relay.radio, DEVICE, SERVER, "msisdn-1", APPLICATION, 60.0)
        with (
            running(lambda stop: run_server(server, stop, log)),
            running(lambda stop: run_device(device, DIGITS, stop, world_log)),
        ):
            assert "nobody listens at" in log.wait_for_event("nef_failed")["reason"]
    assert log.of("transfer_start") == []


def test_a_folder_without_models_is_named(tmp_path: Path) -> None:
    settings = ServerSettings("http://127.0.0.1:9", "af", ("127.0.0.1", 9), SERVER, tmp_path)
    with pytest.raises(PoolUnusable, match="no models in"):
        run_server(settings, threading.Event(), FakeLog())
