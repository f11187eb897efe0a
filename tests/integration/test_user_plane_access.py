"""A user plane in front of a NEF that asks for tokens."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from builders.waiting import until
from nef.cli import main
from nef.network.access import Access, Bearer, Files
from nef.network.userplane.grants import GrantPoller
from nef.network.userplane.measurements import MeasurementReporter
from nef.testing import RunningNef, running_nef


@pytest.fixture(scope="module")
def nef() -> Iterator[RunningNef]:
    with running_nef(clients=["user-plane"]) as running:
        yield running


def access(nef: RunningNef, secret: str | None = None) -> Access:
    bearer = Bearer(nef.token_url, "user-plane", secret or nef.secrets["user-plane"], Files())
    return Access(bearer)


def test_grants_come_and_measurements_go_with_a_token(nef: RunningNef) -> None:
    mine, stop = access(nef), threading.Event()
    poller = GrantPoller(nef.url, 0.01, mine)
    thread = threading.Thread(target=poller.run, args=(stop,))
    thread.start()
    try:
        until(lambda: poller.table is not None)
    finally:
        stop.set()
        thread.join()
    with mine.session() as session:
        reporter = MeasurementReporter(nef.url, 1.0, mine)
        reporter.latest = {}
        reporter.report(0.0)
        assert session.get(f"{nef.url}/simulator/v1/flows", timeout=60).status_code == 200


def test_a_user_plane_without_a_token_is_told_the_options(
    nef: RunningNef, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=GrantPoller(nef.url, 0.01).run, args=(stop,))
    thread.start()
    try:
        until(lambda: bool(caplog.messages))
    finally:
        stop.set()
        thread.join()
    right = "answered 401 Unauthorized; --token-url and --client-secret-file let one in"
    assert caplog.messages[0].endswith(f"{nef.url} {right}")


def test_a_token_that_was_refused_is_another_one_next_time(nef: RunningNef) -> None:
    with access(nef).session() as session:
        url = f"{nef.url}/simulator/v1/flows"
        assert session.get(url, timeout=60).status_code == 200
        bearer = session.auth
        assert isinstance(bearer, Bearer)
        bearer._token = "stale"
        assert [session.get(url, timeout=60).status_code for _ in range(2)] == [401, 200]


def test_a_wrong_secret_is_a_failed_request_and_in_no_log(
    nef: RunningNef, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        access(nef, "wr0ng").session() as session,
        pytest.raises(requests.RequestException) as refused,
    ):
        session.get(f"{nef.url}/simulator/v1/flows", timeout=60)
    assert "401" in str(refused.value)
    assert "wr0ng" not in f"{caplog.text} {refused.value!r} {access(nef, 'wr0ng')!r}"


@pytest.mark.parametrize(
    "answer", ["no JSON", "[]", "{}", '{"access_token": "a", "expires_in": []}']
)
def test_an_issuer_that_has_no_token_is_a_failed_request(
    monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("nef.network.access._AGAIN_S", 3600.0)  # a moment, on a busy machine too
    server = make_server("127.0.0.1", 0, Response(answer))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    bearer = Bearer(f"http://127.0.0.1:{server.port}/", "a", "b", Files())
    try:
        with Access(bearer).session() as session:
            for why in ("without a token", "a moment ago"):
                with pytest.raises(requests.RequestException, match=why):
                    session.get("http://127.0.0.1:9/", timeout=60)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_options_that_belong_together_are_asked_for_together(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    for options in (["--token-url", "http://x/"], ["--client-secret-file", str(secret)]):
        result = CliRunner().invoke(main, ["user-plane", *options])
        assert result.exit_code == 2
        assert "belong together" in result.output
    result = CliRunner().invoke(main, ["user-plane", "--client-key", str(secret)])
    assert "--client-key belongs to --client-certificate" in result.output


def test_a_secret_is_not_sent_to_another_machine_without_tls(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    place = ["--nef-url", "http://127.0.0.1:9", "--token-url", "http://issuer.invalid/"]
    place += ["--client-secret-file", str(secret)]
    refused = CliRunner().invoke(main, ["sim", *place, "status"])
    assert refused.exit_code == 2
    assert "'http://issuer.invalid/' would send the secret without TLS" in refused.output
    allowed = CliRunner().invoke(main, ["sim", "--allow-http-token-url", *place, "status"])
    assert allowed.exit_code == 1
    assert "without TLS" not in allowed.output
