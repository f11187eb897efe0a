"""The options that say where notifications may be sent to."""

from typing import Any

import click
import pytest
from click.testing import CliRunner

from nef.commands.callbacks import callback_options, policy_of
from nef.domain.destinations import CallbackPolicy
from nef.domain.errors import InvalidRequest

HERE, NEAR, OUT = "http://127.0.0.1:9/", "http://10.1.2.3/", "https://af.example/"


def policy(listening_at: str, *options: str, **environment: str) -> CallbackPolicy:
    made = []

    @click.command(context_settings={"auto_envvar_prefix": "NEF_SERVE"})
    @callback_options
    def command(**said: Any) -> None:
        made.append(policy_of(listening_at, **said))

    result = CliRunner().invoke(command, options, env=environment, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return made[0]


def allows(policy: CallbackPolicy, uri: str) -> bool:
    try:
        policy.check(uri)
    except InvalidRequest:
        return False
    return True


@pytest.mark.parametrize(
    ("listening_at", "options", "allowed"),
    [
        ("127.0.0.1", [], {HERE, OUT}),
        ("127.0.0.1", ["--callback-network", "none"], {OUT}),
        ("127.0.0.1", ["--callback-network", "10.0.0.0/8"], {NEAR, OUT}),
        ("192.0.2.1", [], {OUT}),
        ("192.0.2.1", ["--callback-network", "loopback"], {HERE, OUT}),
        ("192.0.2.1", ["--callback-scheme", "https"], {OUT}),
        ("127.0.0.1", ["--callback-port", "9"], {HERE}),
        ("127.0.0.1", ["--callback-host", "*.example"], {OUT}),
        (
            "192.0.2.1",
            ["--callback-network", "loopback", "--callback-network", "10.0.0.0/8"],
            {HERE, NEAR, OUT},
        ),
    ],
)
def test_a_service_that_only_this_machine_reaches_may_tell_what_is_on_it(
    listening_at: str, options: list[str], allowed: set[str]
) -> None:
    made = policy(listening_at, *options)
    assert {uri for uri in (HERE, NEAR, OUT) if allows(made, uri)} == allowed


def test_the_environment_sets_several() -> None:
    made = policy("192.0.2.1", NEF_SERVE_CALLBACK_NETWORK="loopback 10.0.0.0/8")
    assert allows(made, HERE)
    assert allows(made, NEAR)


def test_what_is_no_network_is_said_to_be_none() -> None:
    result = CliRunner().invoke(
        click.command(callback_options(lambda **_: None)), ["--callback-network", "10.0.0.1/8"]
    )
    assert result.exit_code == 2
    assert "host bits set" in result.output
    assert "such as 10.0.0.0/8" in result.output
