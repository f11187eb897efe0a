"""Where notifications may be sent to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.domain.destinations import check_destination
from nef.domain.errors import InvalidRequest


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:9090/a?b=c", "https://af.example/events", "http://[2001:db8::1]:80/"]
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
