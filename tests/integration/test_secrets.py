"""Secrets that a service is told stay with it: nothing that it logs, prints or lists has them."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from websockets.exceptions import InvalidHandshake
from websockets.sync.client import connect

from builders import analytics_requests
from builders.receivers import receiving
from builders.service import AF, subscription
from builders.waiting import until
from db.engine import open_engine, shown
from nef.cli import main
from nef.config import Settings

#: In each secret that this test tells.
MARK = "sEcR3t"
MERGE = {"content-type": "application/merge-patch+json"}
ANALYTICS = "/3gpp-analyticsexposure/v1/af-1/subscriptions"


class Af:
    """An AF with a token, that says secrets wherever there is room for one."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        answer = self.token(secret)
        assert answer.status_code == 200, answer.text
        self.bearer = answer.json()["access_token"]

    def token(self, secret: str) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_secret": secret, "client_id": "af-1"}
        return requests.post(f"{self.url}/oauth2/token", data=form, timeout=60)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"authorization": f"Bearer {self.bearer}"} | more.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=60, **more)

    def told(self) -> str:
        """What is listed of deliveries, once each was tried."""
        listed = partial(self.ask, "GET", "/simulator/v1/notifications")

        def tried() -> bool:
            notes = listed().json()["notifications"]
            return len(notes) >= 4 and all(note["attempts"] for note in notes)

        until(tried)
        return listed().text


@pytest.fixture
def clients(tmp_path: Path) -> tuple[Path, str]:
    """The file of clients, and the secret of the one in it."""
    path = tmp_path / "clients.yaml"
    scopes = ["3gpp-as-session-with-qos", "3gpp-analyticsexposure", "simulator"]
    options = [word for scope in scopes for word in ("--scope", scope)]
    made = CliRunner().invoke(main, ["client", "add", "af-1", "--file", str(path), *options])
    assert made.exit_code == 0, made.output
    return path, made.output.strip()


@pytest.mark.parametrize("format_name", ["text", "json"])
def test_nothing_that_a_service_logs_prints_or_lists_has_a_secret(
    tmp_path: Path, clients: tuple[Path, str], format_name: str
) -> None:
    path, secret = clients
    log = tmp_path / "log"
    options = ("--log-level", "debug", "--access-log", "on", "--log-format", format_name)
    with log.open("w") as stderr, receiving() as receiver:
        process, url = started(tmp_path, "--clients", str(path), *options, stderr=stderr)
        try:
            af = Af(url, secret)
            listed = af_says_secrets(af, receiver.url)
            metrics = requests.get(f"{url}/metrics", timeout=60).text
        finally:
            process.terminate()
            printed, _ = process.communicate(timeout=120)
    said = {"log": log.read_text(), "output": printed, "list": listed, "metrics": metrics}
    for name, words in said.items():
        for told in (MARK, secret, af.bearer):
            assert told not in words, f"{told} in the {name}: {around(words, told)}"
    assert len(log.read_text()) > 1000, "much was logged"


def started(folder: Path, *options: str, stderr: Any) -> tuple[subprocess.Popen[str], str]:
    """A service and its URL, which it says first."""
    words = ("serve", "--port", "0", "--database", f"sqlite:///{folder / 'nef.sqlite3'}")
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "nef.cli", *words, *options],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().split()[2].rstrip(",")


def af_says_secrets(af: Af, here: str) -> str:
    """Successes and failures of each kind; returns what is listed of deliveries."""
    with suppress(requests.RequestException):
        af.token(f"wrong-{MARK}")
    wrong = base64.b64encode(f"af-1:{MARK}".encode()).decode()
    for header in (f"Bearer {MARK}", f"Basic {wrong}", MARK):
        af.ask("GET", AF, headers={"authorization": header})
    af.ask("GET", f"{AF}?token={MARK}")
    for body in (f'{{"notificationDestination": "{MARK}', MARK, f'{{"qosReference": "{MARK}"}}'):
        af.ask("POST", AF, data=body, headers={"content-type": "application/json"})
    # refused: userinfo, and a place that leads inside
    for uri in (f"http://user:{MARK}@af.example/", f"http://10.0.0.1/?token={MARK}"):
        assert af.ask("POST", AF, json=subscription(notificationDestination=uri)).status_code == 400
    # delivered, refused by the receiver's host, and without anybody there
    destinations = (
        f"{here}?token={MARK}",
        f"http://127.0.0.1:9/x?token={MARK}",
        f"http://no-such-host.invalid/x?token={MARK}",
        f"https://127.0.0.1:{here.split(':')[2].split('/', maxsplit=1)[0]}/tls?token={MARK}",
    )
    for uri in destinations:
        made = af.ask("POST", AF, json=subscription(notificationDestination=uri))
        assert made.status_code == 201, made.text
        path = made.json()["self"].removeprefix(af.url)
        assert af.ask("PATCH", path, json={"qosDuration": 60}, headers=MERGE).status_code == 200
    to = f"http://127.0.0.1:9/x?token={MARK}"
    af.ask("POST", ANALYTICS, json=analytics_requests.subscription(to=to))
    wanted = subscription(websockNotifConfig={"requestWebsocketUri": True})
    uri = af.ask("POST", AF, json=wanted).json()["websockNotifConfig"]["websocketUri"]
    for bearer in (af.bearer, MARK):
        headers = {"Authorization": f"Bearer {bearer}"}
        with suppress(InvalidHandshake), connect(uri, proxy=None, additional_headers=headers):
            pass
    return af.told()


def around(words: str, told: str) -> str:
    at = words.index(told)
    return words[max(0, at - 300) : at + 50]


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{MARK}@127.0.0.1:1/x",
        f"postgresql://u@127.0.0.1:1/x?password={MARK}",
        f"postgresql://u:{MARK}@127.0.0.1:port/x",
        f"mysql://u:{MARK}@127.0.0.1/x",
        f"u:{MARK}@127.0.0.1",
    ],
)
def test_the_password_of_a_database_is_not_told(url: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--port", "0", "--database", url])
    assert result.exit_code == 1
    assert MARK not in result.output
    assert MARK not in shown(url)
    assert MARK not in repr(Settings(url))


def test_an_error_of_the_store_does_not_say_what_was_to_be_stored() -> None:
    engine = open_engine("sqlite://")
    with pytest.raises(SQLAlchemyError) as failure, engine.connect() as connection:
        connection.execute(text("insert into nothing values (:secret)"), {"secret": MARK})
    assert MARK not in str(failure.value)
    engine.dispose()


@pytest.fixture(autouse=True)
def nothing_said(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    said = capfd.readouterr()
    assert MARK not in said.out + said.err
