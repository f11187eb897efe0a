"""Which tokens are good, and what is wrong with the others."""

import base64
import hmac
import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws

from builders.tokens import AUDIENCE, EC, ISSUER, NOW_S, RSA, Clocked, claims, ec_key, signed
from nef.ports.tokens import InvalidToken
from nef.tokens import verification
from nef.tokens.verification import TRUSTED_S, Rules


def test_a_good_token_tells_who_may_do_what() -> None:
    caller = Clocked().read(signed())
    assert caller.af_ids == {"af-1"}
    assert caller.scopes == {"3gpp-as-session-with-qos", "simulator"}


def test_an_issuer_may_call_its_claims_otherwise() -> None:
    clocked = Clocked(RSA, rules=Rules(ISSUER, AUDIENCE, af_claim="sub"))
    token = signed(RSA, sub="af-9", aud=["other", AUDIENCE], scope=["a", "b", 3])
    caller = clocked.read(token)
    assert caller.af_ids == {"af-9"}
    assert caller.scopes == {"a", "b"}


def test_what_a_token_does_not_say_is_not_allowed() -> None:
    caller = Clocked().read(signed(scope=None, af_ids=None))
    assert not caller.af_ids | caller.scopes


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": NOW_S - 10}, "has expired"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": float("nan")}, "exp"),
        ({"nbf": NOW_S + 11}, "nbf"),
        ({"iat": NOW_S + 11}, "iat"),
        ({"iss": "https://else.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "https://else.example"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": {"a": 1}}, "aud"),
    ],
)
def test_a_claim_that_is_wrong_is_named(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidToken, match=why):
        Clocked().read(signed(**changes))


def test_clocks_may_differ_a_little() -> None:
    clocked = Clocked()
    assert clocked.read(signed(exp=NOW_S - 9, nbf=NOW_S + 10, iat=NOW_S + 10))


def segment(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def unsigned(algorithm: str) -> str:
    return f"{segment({'alg': algorithm, 'kid': EC.kid})}.{segment(claims())}."


def confused(secret: bytes) -> str:
    """A token signed by anybody: with the public key as if it were a shared secret."""
    text = f"{segment({'alg': 'HS256', 'kid': RSA.kid})}.{segment(claims())}"
    digest = hmac.new(secret, text.encode(), sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


OTHER = ec_key()
BAD = {
    "signed by another key under the same name": signed(OTHER, {"kid": EC.kid}),
    "signed by a key that nobody has published": signed(OTHER),
    "not signed": unsigned("none"),
    "not signed, said otherwise": unsigned("None"),
    "with an empty signature": unsigned("ES256"),
    "signed with the public key as a secret": confused(RSA.as_pem(private=False)),
    "with an algorithm that is not allowed": signed(RSA, {"alg": "PS256"}),
    "with a key for another algorithm": signed(EC, {"alg": "ES256", "kid": RSA.kid}),
    "for another purpose": signed(header={"typ": "logout+jwt"}),
    "without a name of its key, of which there are two": signed(header={"kid": None}),
    "too long": signed(sub="x" * 8192),
    "changed": signed()[:-8] + "AAAAAAAA",
    "nested": f"{segment({'alg': 'ES256', 'kid': EC.kid})}.{'W' * 3000}.AA",
    "nothing": "",
    "no JWT": "no-jwt",
    "empty parts": "..",
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_token_is_refused_and_not_repeated_in_the_answer(what: str) -> None:
    clocked = Clocked(EC, RSA)
    with pytest.raises(InvalidToken) as refused:
        clocked.read(BAD[what])
    assert clocked.tokens.known(BAD[what]) is None
    assert str(refused.value).isascii()
    assert not set('"\\') & set(str(refused.value))


def test_a_key_that_brings_itself_along_is_not_believed() -> None:
    token = signed(OTHER, {"kid": EC.kid, "jwk": OTHER.as_dict(private=False)})
    with pytest.raises(InvalidToken):
        Clocked().read(token)


def test_the_only_key_needs_no_name() -> None:
    assert Clocked().read(signed(header={"kid": None})).af_ids == {"af-1"}


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
def test_any_text_is_refused_without_an_accident(text: str) -> None:
    with pytest.raises(InvalidToken):
        Clocked().read(text)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
CLAIMS = st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "sub", "scope", "af_ids", "jti"])


@given(st.dictionaries(CLAIMS, ODD, max_size=4))
def test_whatever_an_issuer_has_signed_is_good_or_refused(changes: dict[str, Any]) -> None:
    document = json.dumps(claims() | changes)
    token = jws.serialize_compact({"alg": "ES256", "kid": EC.kid}, document, EC)
    try:
        caller = Clocked().read(token)
    except InvalidToken:
        return
    assert all(isinstance(name, str) for name in caller.af_ids | caller.scopes)


def test_a_token_is_known_until_it_expires() -> None:
    clocked = Clocked()
    token = signed(exp=NOW_S + 60)
    assert clocked.tokens.known(token) is None
    caller = clocked.read(token)
    clocked.now_s += 69
    assert clocked.tokens.known(token) == caller
    clocked.now_s += 1
    assert clocked.tokens.known(token) is None


def test_a_token_that_lasts_is_looked_at_again() -> None:
    clocked = Clocked()
    token = signed(exp=NOW_S + 86_400)
    clocked.read(token)
    clocked.now_s += TRUSTED_S
    assert clocked.tokens.known(token) is None
    assert clocked.read(token).until_s == NOW_S + 2 * TRUSTED_S


def test_no_more_tokens_are_known_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "_MOST_KNOWN", 2)
    clocked = Clocked()
    tokens = [signed(jti=str(number)) for number in range(3)]
    for token in tokens:
        clocked.read(token)
    assert [clocked.tokens.known(token) is not None for token in tokens] == [False, True, True]
