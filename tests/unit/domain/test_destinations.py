"""Where notifications may be sent to."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nef.domain.destinations import TO_THIS_MACHINE, CallbackPolicy, shown
from nef.domain.errors import InvalidRequest


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:9090/a?b=c",
        "https://af.example/events",
        "http://[2606:4700::1111]:80/",
        "http://my_host-1:8080/",
        "http://xn--bcher-kva.example./",
        f"http://{'a' * 63}.{'b' * 63}.example/",
        "http://af.example/" + "a" * 2000,
    ],
)
def test_an_absolute_web_address_is_accepted(uri: str) -> None:
    TO_THIS_MACHINE.check(uri)


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
        TO_THIS_MACHINE.check(uri)
    assert [param.pointer for param in refusal.value.params] == ["/notificationDestination"]
    assert "secret" not in refusal.value.params[0].reason


@given(st.text())
def test_no_text_breaks_the_check(uri: str) -> None:
    try:
        TO_THIS_MACHINE.check(uri)
    except InvalidRequest:
        return


def refused(policy: CallbackPolicy, uri: str) -> str:
    with pytest.raises(InvalidRequest) as refusal:
        policy.check(uri, "/notifUri")
    [param] = refusal.value.params
    assert param.pointer == "/notifUri"
    return param.reason


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("localhost", "loopback"),
        ("LocalHost.", "loopback"),
        ("a.localhost", "loopback"),
        ("[::1]", "loopback"),
        ("[::]", "unspecified"),
        ("0.0.0.0", "unspecified"),  # noqa: S104 - a destination
        ("10.1.2.3", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("100.64.0.1", "carrier"),
        ("169.254.1.1", "link-local"),
        ("169.254.169.254", "metadata"),
        ("[fd00:ec2::254]", "metadata"),
        ("[fd12::1]", "unique local"),
        ("[fe80::1]", "link-local"),
        ("[ff02::1]", "multicast"),
        ("224.0.0.251", "multicast"),
        ("[::ffff:127.0.0.1]", "disguise"),
        ("[::ffff:8.8.8.8]", "disguise"),
        ("[::127.0.0.1]", "disguise"),
        ("[64:ff9b::7f00:1]", "NAT64"),
        ("[2002:7f00:1::]", "6to4"),
        ("[2001:0:808:808::1]", "Teredo"),
        ("[2606:4700::5efe:7f00:1]", "loopback"),
    ],
)
def test_what_is_not_public_is_refused_and_the_reason_says_what_it_is(host: str, kind: str) -> None:
    assert kind in refused(CallbackPolicy(), f"http://{host}:9090/events")


def test_a_network_that_is_allowed_opens_no_other() -> None:
    policy = CallbackPolicy(networks=(ip_network("10.1.0.0/16"),))
    policy.check("http://10.1.255.255/events")
    assert "private" in refused(policy, "http://10.2.0.1/events")


def test_schemes_hosts_and_ports_are_those_that_are_named() -> None:
    policy = CallbackPolicy(
        frozenset({"https"}), ("af.example", "*.afs.example"), frozenset({443, 8443})
    )
    for uri in ("https://af.example/x", "https://AF.example.:8443/", "https://a.b.afs.example/"):
        policy.check(uri)
    assert "must be https" in refused(policy, "http://af.example/x")
    assert "allowed here: 443, 8443" in refused(policy, "https://af.example:444/x")
    for host in ("b.example", "afs.example", "evilafs.example", "af.example.evil.example"):
        assert "af.example, *.afs.example" in refused(policy, f"https://{host}/x")


def test_a_uri_is_shown_without_what_may_be_secret() -> None:
    uri = "https://user:pass@af.example:1/a?token=x#y"
    assert shown(uri) == "https://…@af.example:1/a?…"
    assert shown("http://af.example/a") == "http://af.example/a"


@given(st.text(), st.text(alphabet="sEcR3t", min_size=6), st.text())
def test_no_text_is_shown_with_its_query(before: str, secret: str, after: str) -> None:
    if secret not in before:
        assert secret not in shown(f"{before}?{secret}{after}")


@given(st.ip_addresses())
def test_an_address_is_judged_the_same_alone_and_in_a_uri(address: object) -> None:
    host = f"[{address}]" if ":" in str(address) else str(address)
    alone = CallbackPolicy().refusal_of(ip_address(str(address)))
    assert CallbackPolicy().refusal_of_uri(f"http://{host}/") == alone
