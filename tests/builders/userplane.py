"""A running user-plane relay with a NEF, a server and a device that do what a test wants."""

import io
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from builders.waiting import PATIENCE_S, until
from nef.domain.filters import IpAddress
from nef.network.userplane.packets import encode_attachment, encode_udp, length_of
from nef.network.userplane.relay import RelaySettings, run_relay

SERVER, UE, UE2 = (ip_address(a) for a in ("10.60.0.1", "10.45.0.2", "10.45.0.3"))
SERVER6, UE6 = ip_address("2001:db8:60::1"), ip_address("2001:db8:45::2")
TOPOLOGY, WEIGHTS = 0xB8, 0x28
HELD, SLOW, FAST = 0, 10**6, 10**8
LOSSLESS = "1E-9"
_PROBE = b"are you there?"


def flow(
    component: int, tos: str, rate_bps: int, per: str = LOSSLESS, delay_ms: float = 0
) -> dict[str, Any]:
    return {
        "flowKey": f"s/{component}",
        "ueId": "camera-1",
        "ueIpv4Addr": str(UE),
        "ueIpv6Addr": str(UE6),
        "component": component,
        "filters": [{"flowDescriptions": [f"permit out 17 from any to {UE} 7001"], "tosTC": tos}],
        "rateDlBps": rate_bps,
        "per": per,
        "delayMs": delay_ms,
        "guaranteed": True,
        "level": 0,
        "priority": 10 * component,
    }


def grants(*flows: dict[str, Any], seed: int = 1) -> dict[str, Any]:
    bearers = [
        {"ueId": f"camera-{n}", "rateDlBps": FAST, "per": LOSSLESS, "delayMs": 0} | addresses
        for n, addresses in (
            (1, {"ueIpv4Addr": str(UE), "ueIpv6Addr": str(UE6)}),
            (2, {"ueIpv4Addr": str(UE2)}),
        )
    ]
    return {"version": 1, "seed": seed, "flows": list(flows), "defaultBearers": bearers}


def two_flows(topology_bps: int, weights_bps: int) -> dict[str, Any]:
    return grants(flow(1, "b8fc", topology_bps), flow(2, "28fc", weights_bps))


class FakeNef:
    """Serves `document` as the control API would."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document: Any = document
        self.asked = 0
        #: The bodies of the measurements it took, and how it answers them.
        self.measured: list[Any] = []
        self.takes = 200

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        path = request.path
        if path == "/simulator/v1/measurements":
            self.measured.append(request.get_json())
            return Response(status=self.takes)(environ, start_response)
        self.asked += 1
        body = json.dumps(self.document) if path == "/simulator/v1/flows" else ""
        return Response(body, 200 if body else 404)(environ, start_response)

    @contextmanager
    def serving(self, port: int = 0) -> Iterator[str]:
        server = make_server("127.0.0.1", port, self, threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        pass


class Endpoint:
    """A server or device with its connection to the relay."""

    def __init__(self, relay_port: int, *addresses: IpAddress) -> None:
        self.socket = socket.create_connection(("127.0.0.1", relay_port))
        self._octets = bytearray()
        for address in addresses:
            self.send(encode_attachment(address))

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def take(self, count: int) -> list[bytes]:
        """The next packets, however long they take; probes are left out."""
        return [self.next() for _ in range(count)]

    def next(self, timeout_s: float = PATIENCE_S) -> bytes:
        """The next packet that is no probe; raises TimeoutError."""
        self.socket.settimeout(timeout_s)
        while True:
            packet = self._packet()
            if not packet.endswith(_PROBE):
                return packet

    def sees_a_probe(self) -> bool:
        self.socket.settimeout(0.05)
        try:
            return self._packet().endswith(_PROBE)
        except TimeoutError:
            return False

    def _packet(self) -> bytes:
        while len(self._octets) < 6 or len(self._octets) < (size := self._size()):
            octets = self.socket.recv(65_536)
            if not octets:
                raise ConnectionError("the relay has closed the connection")
            self._octets += octets
        packet = bytes(self._octets[:size])
        del self._octets[:size]
        return packet

    def _size(self) -> int:
        return length_of(memoryview(bytes(self._octets[:6])))


class Network:
    """A running relay, a server at its one side and a device at its other."""

    def __init__(self, ports: tuple[int, int]) -> None:
        self.ports = ports
        self.server = Endpoint(ports[0], SERVER, SERVER6)
        self.device = Endpoint(ports[1], UE, UE6)

    def send(self, number: int, tos: int = 0, to: IpAddress = UE, size: int = 1400) -> None:
        source = SERVER if to.version == 4 else SERVER6
        payload = number.to_bytes(4, "big") + bytes(size - 4)
        self.server.send(encode_udp((source, 7000), (to, 7001), tos, payload))

    def send_both(self, topology: int, weights: int) -> None:
        """Packets of both flows in turns."""
        for number in range(max(topology, weights)):
            if number < topology:
                self.send(number, TOPOLOGY)
            if number < weights:
                self.send(number, WEIGHTS)

    def until_carried(self, to: IpAddress = UE) -> None:
        """Wait until the relay knows its grants and its device."""
        until(lambda: self.carries(to))

    def carries(self, to: IpAddress = UE) -> bool:
        """Whether a probe arrives soon."""
        self.server.send(encode_udp((SERVER, 9), (to, 9), 0, _PROBE))
        return self.device.sees_a_probe()


@contextmanager
def running(
    nef_url: str, seed: int | None = None, counters: io.StringIO | None = None
) -> Iterator[tuple[Network, Callable[[], Any]]]:
    """A network, and a function that ends it and gives the last counters."""
    waiting, stop = threading.Event(), threading.Event()
    counters = counters or io.StringIO()
    ports: list[tuple[int, int]] = []

    def tell(event: Mapping[str, Any]) -> None:
        if event["event"] == "waiting":
            ports.append((event["n6_port"], event["radio_port"]))
            waiting.set()

    settings = RelaySettings("127.0.0.1", 0, "127.0.0.1", 0, nef_url, 0.01, seed=seed)
    thread = threading.Thread(target=run_relay, args=(settings, stop, tell, counters))
    thread.start()

    def end() -> Any:
        stop.set()
        thread.join()
        return json.loads(counters.getvalue().splitlines()[-1])

    assert waiting.wait(120)
    network = Network(ports[0])
    try:
        network.until_carried()
        yield network, end
    finally:
        stop.set()
        thread.join()
        network.server.socket.close()
        network.device.socket.close()


def tos_of(packet: bytes) -> int:
    return packet[1]


def number_of(packet: bytes) -> int:
    return int.from_bytes(packet[28:32], "big")
