"""What docs/delivery.md says is so."""

import re
from pathlib import Path

from af_client.commands.device import device
from af_client.delivery.wire import TOS, Message, MessageType, Part, decode
from af_client.modelserver.policy import Policy

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/delivery.md").read_text("utf-8")
SPEAKERS = ("af_client/modelserver", "af_client/device")


def test_the_page_lists_every_type_of_message_by_its_number() -> None:
    rows = re.findall(r"^\| (\d+) \| ([A-Z]+) \|", PAGE, re.MULTILINE)
    assert {(int(number), name) for number, name in rows} == {
        (kind.value, kind.name) for kind in MessageType
    }


def test_the_example_of_the_page_is_a_message() -> None:
    dump = re.findall(r"^[0-9a-f]{4}  ([0-9a-f ]+)$", PAGE, re.MULTILINE)
    message = decode(bytes.fromhex(" ".join(dump)))
    expected = Message(MessageType.DATA, 0x01020304, Part.WEIGHTS, 0, 5, 6, b"model")
    assert message == expected


def test_the_page_names_the_tos_of_each_part() -> None:
    rows = re.findall(r"\| ([0-2]) \| 0x([0-9a-f]{2})", PAGE)
    assert {Part(int(number)): int(tos, 16) for number, tos in rows} == TOS


def test_the_waits_on_the_page_are_those_of_the_policy() -> None:
    policy = Policy()
    assert f"for {policy.dwell_s:g} s without a break (`--dwell-s`)" in PAGE
    assert f"within {policy.calm_s:g} s the next wait is twice as long" in PAGE
    assert f"up to {policy.longest_dwell_s:g} s" in PAGE


def test_the_size_of_the_store_on_its_page_is_that_of_the_command() -> None:
    page = (ROOT / "docs/device.md").read_text("utf-8")
    (option,) = (each for each in device.params if each.name == "store_mb")
    assert f"`--store-mb` megabytes (10^6 bytes; {option.default})" in page


def test_the_page_lists_every_event_that_the_programs_print() -> None:
    sources = [p.read_text("utf-8") for folder in SPEAKERS for p in (ROOT / folder).glob("*.py")]
    said = {name for source in sources for name in re.findall(r"log\(\s*\"(\w+)\"", source)} | {
        "model_ready",
        "model_unusable",
    }
    listed = set(re.findall(r"`(\w+)`", PAGE))
    assert len(said) >= 15
    assert said <= listed
