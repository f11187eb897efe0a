"""Every program ends in peace when it is asked to, and says where it listens before."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from af_client import FlowFilter, NefClient, SessionRequest, UeAddress
from builders.processes import start_nef
from builders.receivers import receiving


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_nef_finishes_what_it_does_and_ends(tmp_path: Path, number: signal.Signals) -> None:
    nef = start_nef(tmp_path)
    with receiving() as af:
        request = SessionRequest(
            ue=UeAddress(ipv4="10.45.0.2"),
            qos_reference="model-topology",
            flow_filters=(FlowFilter(1, ("permit out ip from any to 10.45.0.2",)),),
            notification_destination=af.url,
        )
        session = NefClient(nef.url, "af").create_session(request)
        nef.process.send_signal(number)
        assert nef.process.wait(120) == 0
        heard = af.events(session.id)
    assert nef.process.stdout is not None
    nef.process.stdout.close()
    assert heard in ([], ["SUCCESSFUL_RESOURCES_ALLOCATION"])

    with receiving(af.server_port) as af:
        nef = start_nef(tmp_path)
        try:
            assert [s.id for s in NefClient(nef.url, "af").sessions()] == [session.id]
            assert heard or af.until(lambda: af.events(session.id) != [])
        finally:
            nef.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_relay_says_its_ports_and_ends_when_asked(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "nef.cli", "user-plane", "--nef-url", "http://127.0.0.1:9"]
    command += ["--log-format", "json"]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as relay:
        assert relay.stdout is not None
        assert relay.stderr is not None
        assert "no grants" in json.loads(relay.stderr.readline())["message"]
        waiting = json.loads(relay.stdout.readline())
        assert (waiting["event"], waiting["nef"]) == ("waiting", "http://127.0.0.1:9")
        assert waiting["n6_port"] != waiting["radio_port"]
        relay.send_signal(number)
        assert relay.wait(120) == 0
