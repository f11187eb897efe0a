"""Where notifications may be sent to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.domain.destinations import check_destination
from nef.domain.errors import InvalidRequest


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:9090/a?b=c",
        "https://af.example/events",
        "http://[2001:db8::1]:80/",
        "http://my_host-1:8080/",
        "http://xn--bcher-kva.example./",
        f"http://{'a' * 63}.{'b' * 63}.example/",
        "http://af.example/" + "a" * 2000,
    ],
)
def test_an_absolute_web_address_is_accepted(uri: str) -> None:
    check_destination(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/relative",
        "ftp://af.example/",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@af.example/",
        "http://af.example:0/",
        "http://af.example:99999/",
        "http://[::1/",
        "http://af.example/a b",
        "http://af.example/\r\nX-Injected: 1",
        "javascript:alert(1)",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 127 + "example/",
        "http://" + "a" * 100_000,
        "http://af.example/" + "a" * 2048,
        "http://af..example/",
        "http://-af.example/",
        "http://bücher.example/",
        "http://a\\b/",
        "http://a,b/",
        "http://999.1.1.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[v1.x]/",
        "http://*/",
    ],
)
def test_anything_else_is_refused_by_name(uri: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        check_destination(uri)
    assert [param.pointer for param in refusal.value.params] == ["/notificationDestination"]
    assert "secret" not in refusal.value.params[0].reason or "secret" in uri


@given(st.text())
def test_no_text_breaks_the_check(uri: str) -> None:
    try:
        check_destination(uri)
    except InvalidRequest:
        return
