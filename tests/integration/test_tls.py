"""TLS and mutual TLS: who is served, and what the AF library does with certificates."""

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
import requests
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from af_client import (
    ConnectFailed,
    Credentials,
    NefClient,
    SessionRequest,
    Tls,
    TransportError,
    UeAddress,
    WebsocketReceiver,
)
from af_client.websocket import _Opening
from builders.certificates import Authority
from nef import config
from nef.app import create_app
from nef.config import BuiltInIssuer, Settings
from nef.network.access import Access, Bearer, Files
from nef.network.unreached import unreached
from nef.serving import server_of
from nef.sockets import listening
from nef.testing import running_nef
from nef.tokens.clients import Clients

CLIENTS, SECRET = Clients.none_yet().with_client("my-af")
REQUEST = SessionRequest(
    UeAddress(ipv4="10.45.0.2"), external_app_id="video", qos_reference="best-effort"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pem")


@pytest.fixture(scope="module")
def operator(folder: Path) -> Authority:
    return Authority(folder, "operator")


@contextmanager
def served(tls: config.Tls) -> Iterator[str]:
    """A service that asks for tokens, over TLS; yields its root."""
    with closing(listening("127.0.0.1", 0)) as socket:
        url = f"https://127.0.0.1:{socket.getsockname()[1]}"
        nef = create_app(Settings("sqlite://", url, issuer=BuiltInIssuer(CLIENTS), tls=tls))
        server = server_of(nef.asgi, tls=tls)
        thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join(120)


@pytest.fixture(scope="module")
def url(operator: Authority) -> Iterator[str]:
    with served(config.Tls(*operator.issue("server"))) as root:
        yield root


@pytest.fixture(scope="module")
def mutual(operator: Authority) -> Iterator[str]:
    with served(config.Tls(*operator.issue("server-2"), operator.ca)) as root:
        yield root


def files(operator: Authority, own: tuple[Path, Path] | None = None) -> Tls:
    return Tls(str(operator.ca), *(str(path) for path in own or ()))


def af(url: str, tls: Tls) -> NefClient:
    mine = Credentials(f"{url}/oauth2/token", "my-af", SECRET)
    return NefClient(url, "my-af", credentials=mine, tls=tls, retries=0)


def test_an_af_that_trusts_the_authority_is_served_with_its_websocket(
    url: str, operator: Authority
) -> None:
    tls = files(operator)
    mine = Credentials(f"{url}/oauth2/token", "my-af", SECRET)
    with (
        af(url, tls) as client,
        WebsocketReceiver(credentials=mine, tls=tls) as receiver,
        client.qos_session(REQUEST, inbox=(inbox := receiver.inbox())) as session,
    ):
        assert session.url.startswith(f"{url}/")
        assert (session.websocket_url or "").startswith("wss://")
        assert inbox.get(timeout_s=60).reports


def test_an_af_that_does_not_trust_it_connects_to_nobody(url: str) -> None:
    with af(url, Tls()) as client, pytest.raises(ConnectFailed, match="no connection"):
        client.sessions()


def test_an_af_without_tls_gets_nothing(url: str) -> None:
    plain = url.replace("https", "http")
    with NefClient(plain, "my-af", retries=0) as client, pytest.raises(TransportError):
        client.sessions()


def test_no_version_before_1_2_is_spoken(operator: Authority) -> None:
    server = server_of(_nothing, tls=config.Tls(*operator.issue("server-3")))
    server.config.load()
    assert server.config.ssl is not None
    assert server.config.ssl.minimum_version >= ssl.TLSVersion.TLSv1_2


async def _nothing(_scope: object, _receive: object, _send: object) -> None:
    raise AssertionError("nobody asks")


def test_with_mutual_tls_an_af_shows_its_certificate(mutual: str, operator: Authority) -> None:
    own = operator.issue("my-af")
    with af(mutual, files(operator, own)) as client:
        assert client.sessions() == ()
    both = operator.ca.parent / "both.pem"
    both.write_bytes(own[0].read_bytes() + own[1].read_bytes())
    with af(mutual, Tls(str(operator.ca), str(both))) as client:
        assert client.sessions() == ()


def test_with_mutual_tls_nobody_else_is_served(
    mutual: str, operator: Authority, folder: Path
) -> None:
    strangers = Authority(folder, "strangers").issue("stranger")
    for tls in (files(operator), files(operator, strangers)):
        with af(mutual, tls) as client, pytest.raises(TransportError):
            client.sessions()
    # The token does not help, and no path is for everybody.
    with pytest.raises(requests.RequestException):
        requests.get(f"{mutual}/healthz", verify=str(operator.ca), timeout=60)


def told_of(url: str, tls: Tls, path: str = "/x") -> tuple[str, str]:
    """What an AF and a command are told where nobody serves them."""
    with NefClient(url, "my-af", tls=tls, retries=0) as client, pytest.raises(TransportError) as af:
        client.sessions()
    access = Access(None, Files(*(Path(name) if name else None for name in (tls.ca,))))
    with access.session() as session, pytest.raises(requests.RequestException) as command:
        session.get(url + path, timeout=20)
    return str(af.value), unreached(url + path, command.value)


def test_who_takes_a_nef_with_tls_for_one_without_is_told(url: str) -> None:
    plain = url.replace("https://", "http://")
    af, command = told_of(plain, Tls())
    assert "closed without an answer (if it serves TLS, its URL is https://)" in af
    assert command.endswith("without an answer; if it serves TLS, say https://")


def test_who_takes_a_nef_without_tls_for_one_with_it_is_told(operator: Authority) -> None:
    with running_nef() as nef:
        af, command = told_of(nef.url.replace("http://", "https://"), files(operator))
    assert f"does not speak TLS; its URL is {nef.url}" in af
    assert command.endswith(f"does not speak TLS; say {nef.url}")


def test_whom_to_trust_is_told_to_be_missing(url: str, folder: Path) -> None:
    strangers = Authority(folder, "others")
    af, command = told_of(url, files(strangers))
    assert f"{url} is not trusted: " in af
    assert af.endswith("Tls(ca=…) or --ca says whom to trust")
    assert command.startswith(f"{url} is not trusted: ")
    assert command.endswith("--ca says whom to trust")


def test_a_certificate_for_another_name_is_told_to_be_one(url: str, operator: Authority) -> None:
    elsewhere = url.replace("127.0.0.1", "localhost")
    for told in told_of(elsewhere, files(operator)):
        assert told.endswith("not valid for 'localhost'; name it as its certificate does")


def test_a_certificate_of_ones_own_is_told_to_be_missing(mutual: str, operator: Authority) -> None:
    af, command = told_of(mutual, files(operator))
    assert "if it asks for a certificate, Tls(certificate=…, key=…) shows one" in af
    assert command.endswith("if it asks for a certificate, --client-certificate shows one")


def opened(where: str, tls: Tls) -> None:
    """Open a websocket, and close it.

    In one thread: the library's other client writes the request while it reads in a second one what
    TLS 1.3 sends after its handshake, which OpenSSL does not allow of one connection.
    """

    async def open_and_close() -> None:
        async with connect(where, ssl=_Opening({}, tls).context(where), proxy=None):
            pass

    asyncio.run(open_and_close())


def test_with_mutual_tls_a_websocket_needs_a_certificate_and_a_token(
    mutual: str, operator: Authority
) -> None:
    where = f"wss{mutual.removeprefix('https')}/notifications/sessions/my-af/none"
    with pytest.raises((OSError, InvalidMessage)):  # as soon as TLS, or whatever is read of it
        opened(where, files(operator))
    with pytest.raises(InvalidStatus) as refused:
        opened(where, files(operator, operator.issue("af-2")))
    assert refused.value.response.status_code == 401


def test_a_file_that_cannot_be_read_is_told(url: str) -> None:
    with af(url, Tls("/nowhere.pem")) as client, pytest.raises(TransportError, match="nowhere"):
        client.sessions()


def test_an_idle_connection_does_not_hold_up_the_end(
    operator: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as stack, served(config.Tls(*operator.issue("server-4"))) as url:
        client = stack.enter_context(af(url, files(operator)))
        assert client.sessions() == ()
    # The client has not said goodbye, and nobody has given up waiting for it.
    assert [record.getMessage() for record in caplog.records if "exceeded" in record.message] == []


def test_a_user_plane_shows_its_certificate_to_issuer_and_service(
    mutual: str, operator: Authority
) -> None:
    shown = Files(operator.ca, *operator.issue("user-plane"))
    bearer = Bearer(f"{mutual}/oauth2/token", "my-af", SECRET, shown)
    with Access(bearer, shown).session() as session:
        answer = session.get(f"{mutual}/simulator/v1/flows", timeout=60)
    # It has come as far as the scopes of its token, which are those of an AF.
    assert (answer.status_code, answer.json()["cause"]) == (403, "insufficient_scope")
