"""docs/user-plane.md is the norm for servers and devices: what it says must be so."""

import re
from dataclasses import fields
from ipaddress import ip_address
from pathlib import Path

from nef.network.userplane.attachments import MAX_ATTACHED
from nef.network.userplane.connections import MAX_WAITING_BYTES
from nef.network.userplane.counters import FlowCounters, RelayCounters
from nef.network.userplane.measurements import ALL_EVERY_S, Tally
from nef.network.userplane.pacing import LIMIT_NS
from nef.network.userplane.packets import MAX_PAYLOAD_BYTES, encode_attachment, encode_udp
from nef.network.userplane.relay import MAX_CONNECTIONS, RelaySettings

PAGE = (Path(__file__).parents[4] / "docs" / "user-plane.md").read_text("utf-8")
WORDS = " ".join(PAGE.split())


def dumps() -> list[bytes]:
    blocks = re.findall(r"```hexdump\n(.*?)```", PAGE, re.DOTALL)
    return [bytes.fromhex("".join(line[4:] for line in block.splitlines())) for block in blocks]


def test_the_example_packets_are_what_is_sent() -> None:
    packet, attachment = dumps()
    server, ue = ip_address("10.60.0.1"), ip_address("10.45.0.2")
    assert packet == encode_udp((server, 7000), (ue, 7001), 0xB8, b"topology")
    assert attachment == encode_attachment(ue)


def test_the_limits_are_those_of_the_code() -> None:
    settings = RelaySettings("", 0, "", 0, "")
    assert f"**at most {MAX_PAYLOAD_BYTES} bytes**" in WORDS
    assert f"It takes {LIMIT_NS // 10**6} ms of the flow's rate" in WORDS
    assert f"and {settings.queue_limit_bytes} bytes at least; what finds it full" in WORDS
    assert f"when {MAX_WAITING_BYTES} bytes wait for it" in WORDS
    assert f"or the {MAX_CONNECTIONS} connections of both" in WORDS
    assert f"by asking every {settings.poll_interval_s * 1000:.0f} ms" in WORDS
    assert f"beyond the {MAX_ATTACHED} addresses" in WORDS
    assert f"at its counters every {settings.report_interval_s * 1000:.0f} ms" in WORDS
    assert f"every {ALL_EVERY_S:.0f} s it reports all" in WORDS


def test_the_report_on_the_page_has_every_counter_of_a_report() -> None:
    counters, tally = RelayCounters(), Tally(0)
    counters.flow("s/1").packets_in = 1
    shown = set(re.findall(r'"(\w+)":', PAGE.split("## Measurements")[1].split("```")[1]))
    assert shown == {"runId", "flows", *tally.entries(counters, 1)["s/1"]}


def test_every_counter_is_explained_and_no_other() -> None:
    rows = re.findall(r"^\| (`.*`) \|", PAGE.split("## Counters")[1], re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    counted = {field.name for field in (*fields(FlowCounters), *fields(RelayCounters))}
    assert explained == {name for name in counted if not name.startswith("_")} - {"flows"}
