import json

import pytest

from af_client.delivery.documents import (
    DeviceReport,
    DeviceRequest,
    Offer,
    read,
    read_reason,
    write,
    write_reason,
)
from af_client.delivery.wire import SEGMENT_BYTES, MalformedMessage
from builders.transfers import an_offer

REQUEST = DeviceRequest("a1b2", "msisdn-491700000001", "one-shot", None, "missing")
REPORT = DeviceReport("large", 0.8, 0, 3, True, False, 0.97)


def test_what_is_written_is_read_back() -> None:
    assert read(DeviceRequest, write(REQUEST)) == REQUEST
    assert read(DeviceReport, write(REPORT)) == REPORT
    assert read(Offer, write(an_offer())) == an_offer()


def test_members_of_later_versions_are_ignored() -> None:
    later = json.dumps({**json.loads(write(REQUEST)), "battery": 0.5}).encode()
    assert read(DeviceRequest, later) == REQUEST


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"variant": "x"}', b"\xff"])
def test_what_is_no_document_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read(Offer, body)


@pytest.mark.parametrize("size_bytes", [0, -1, 2**31, "many"])
def test_an_offer_of_impossible_size_is_malformed(size_bytes: object) -> None:
    document = json.loads(write(an_offer()))
    document["weights"]["size_bytes"] = size_bytes
    with pytest.raises(MalformedMessage):
        read(Offer, json.dumps(document).encode())


def test_a_long_reason_is_cut_to_fit_into_one_message() -> None:
    body = write_reason("ä" * 10_000)
    assert len(body) <= SEGMENT_BYTES * 2
    assert read_reason(body).startswith("äää")


def test_a_reason_that_is_none_reads_as_empty() -> None:
    assert read_reason(b"[1]") == ""
