"""Tokens and mutual TLS between the programs, as docs/security.md has an operator start them."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import requests

from builders.certificates import Authority
from builders.processes import GPSI


def started(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own programs
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(program: subprocess.Popen[str]) -> str:
    """Ctrl-C; what it said on stderr."""
    program.send_signal(signal.SIGINT)
    return program.communicate(timeout=120)[1]


def test_the_programs_work_behind_tokens_and_certificates(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = map(str, authority.issue("nef"))
    own_certificate, own_key = map(str, authority.issue("my-af"))
    secret, clients = str(tmp_path / "my-af.secret"), str(tmp_path / "clients.yaml")
    adding = started(
        "nef.cli", "client", "add", "my-af", "--secret-file", secret, "--file", clients
    )
    assert adding.communicate(timeout=120) == (f"written to {secret}\n", "")

    files = ["--tls-certificate", certificate, "--tls-key", key]
    files += ["--tls-client-ca", str(authority.ca), "--clients", clients]
    nef = started("nef.cli", "serve", "--port", "0", "--database", "sqlite://", *files)
    assert nef.stdout is not None
    url = re.findall(r"https://127\.0\.0\.1:\d+", nef.stdout.readline())[0]
    assert nef.stdout.readline() == f"Authorisation is on: tokens come from {url}/oauth2/token.\n"

    me = ["--ca", str(authority.ca), "--client-certificate", own_certificate]
    me += ["--client-key", own_key, "--client-secret-file", secret]
    me += ["--token-url", f"{url}/oauth2/token", "--client-id", "my-af", "--af-id", "my-af"]
    watching = started("af_client.cli", "watch", "--nef-url", url, "--ue", GPSI, *me)
    assert watching.stdout is not None
    line = json.loads(watching.stdout.readline())
    assert (line["event"], line["ue"]) == ("bandwidth", GPSI)

    # A certificate alone does not do.
    answer = requests.get(
        f"{url}/simulator/v1/flows",
        verify=str(authority.ca),
        cert=(own_certificate, own_key),
        timeout=60,
    )
    assert answer.status_code == 401
    said = ended(watching) + ended(nef)
    assert (watching.returncode, nef.returncode, said) == (0, 0, "")
