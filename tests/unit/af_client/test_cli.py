import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from af_client.cli import main

DEVICE = ("device", "--gpsi", "msisdn-1", "--radio", "127.0.0.1:9")
WATCH = ("watch", "--ue", "msisdn-1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("device", "--radio", "127.0.0.1"), "'127.0.0.1' is not host:port"),
        (("device", "--radio", "127.0.0.1:99999"), "is not host:port"),
        ((*DEVICE, "--server", "somewhere:7000"), "'somewhere' is no IP address"),
        ((*DEVICE, "--address", "10.45.0"), "'10.45.0' is no IP address"),
        (("model-server", "--n6", "127.0.0.1:9", "--pool", "/nowhere"), "no models in /nowhere"),
        (("device", "--radio", "127.0.0.1:9"), "'--gpsi'"),
        (("device", "--gpsi", "msisdn-1"), "--radio host:port, or --direct: say one"),
        ((*DEVICE, "--direct"), "--radio host:port, or --direct: say one"),
        ((*DEVICE, "--preinstalled", "digits-small"), "--preinstalled names a model of --pool"),
        ((*DEVICE, "--preinstalled", "x", "--pool", "/nowhere"), "no models in /nowhere"),
        ((*DEVICE, "--store", "here", "--store-mb", "0"), "'--store-mb'"),
        (("model-server", "--pool", "."), "--n6 host:port, or --direct: say one"),
        (("watch",), "'--ue'"),
        ((*WATCH, "--nef-url", "nef:8080"), "'nef:8080' is no URL; one begins with http://"),
        ((*WATCH, "--notifications-host", "::"), "is all addresses, and the NEF is told one"),
        ((*WATCH, "--af-id", ""), "'' can be no AF id"),
        ((*WATCH, "--token-url", "nef/token"), "'nef/token' is no URL"),
        ((*WATCH, "--token-url", "http://x/"), "--client-secret-file belong together"),
        (
            (*WATCH, "--token-url", "http://x/", "--client-secret-file", __file__),
            "'http://x/' would send the secret without TLS; one begins with https://, or say",
        ),
        ((*WATCH, "--client-secret-file", __file__), "--client-secret-file belong together"),
        ((*WATCH, "--client-key", __file__), "--client-key belongs to --client-certificate"),
        ((*WATCH, "--ca", "/nowhere.pem"), "'/nowhere.pem' does not exist"),
        (("watch", "--ue", "msisdn-1", "--rate", "fast"), "'fast' is not a bit rate"),
        (("watch", "--ue", "msisdn-1", "--bytes", "0"), "'--bytes'"),
        (("watch", "--ue", "msisdn-1", "--nef-url", "http://127.0.0.1:9"), "no connection"),
    ],
)
def test_wrong_options_are_named_with_what_would_be_right(
    arguments: tuple[str, ...], said: str
) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "command", ["model-server", "device", "models", "demo", "watch", "experiment"]
)
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output


@pytest.mark.parametrize(
    ("missing", "extra", "arguments"),
    [
        ("rich", "demo", ("kpi",)),
        ("matplotlib", "demo", ("kpi", "--out", "{folder}")),
        ("onnx", "models", ("pool", "list")),
    ],
)
def test_what_is_not_installed_is_named_with_the_extra_that_has_it(
    missing: str, extra: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    hide = f"import sys; sys.modules[{missing!r}] = None; from af_client.cli import main; main()"
    command = [one.format(folder=tmp_path) for one in arguments]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", hide, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == f"Error: this needs {missing}: pip install 'open-nef[{extra}]'\n"


@pytest.mark.parametrize("path", [(), ("pool",), ("models",), ("experiment",)])
def test_help_tells_of_each_command_a_whole_sentence(path: tuple[str, ...]) -> None:
    told = CliRunner().invoke(main, [*path, "--help"]).output
    assert "..." not in told.partition("Commands:")[2]
