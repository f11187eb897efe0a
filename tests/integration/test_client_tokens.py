"""The AF library in front of a NEF that asks for tokens."""

import logging
from collections.abc import Iterator

import pytest
import requests

from af_client import (
    Credentials,
    NefClient,
    NotAuthorized,
    NotFound,
    Refused,
    ServerFailed,
    SessionRequest,
    UeAddress,
    UserPlaneEvent,
    WebsocketReceiver,
)
from af_client.tokens import Tokens
from nef.testing import RunningNef, running_nef

REQUEST = SessionRequest(
    UeAddress(ipv4="10.45.0.2"),
    external_app_id="video",
    qos_reference="best-effort",
    notification_destination="http://127.0.0.1:9/",
)


@pytest.fixture(scope="module")
def nef() -> Iterator[RunningNef]:
    with running_nef(clients=["af-1", "af-2"]) as running:
        yield running


def credentials(nef: RunningNef, af_id: str = "af-1") -> Credentials:
    return Credentials(nef.token_url, af_id, nef.secrets[af_id])


def test_an_af_with_credentials_is_let_in_and_hears_by_websocket(nef: RunningNef) -> None:
    mine = credentials(nef)
    with (
        NefClient(nef.url, "af-1", credentials=mine) as af,
        WebsocketReceiver(credentials=mine) as receiver,
        af.qos_session(REQUEST, inbox=(inbox := receiver.inbox())),
    ):
        report = inbox.get(timeout_s=60).reports[0]
    assert report.event is UserPlaneEvent.SUCCESSFUL_RESOURCES_ALLOCATION


def test_an_af_without_or_with_the_wrong_ones_is_not(nef: RunningNef) -> None:
    wrong = Credentials(nef.token_url, "af-1", "wrong")
    for af in (NefClient(nef.url, "af-1"), NefClient(nef.url, "af-1", credentials=wrong)):
        with af, pytest.raises(NotAuthorized):
            af.create_session(REQUEST)


def test_an_af_does_not_see_what_is_of_another(nef: RunningNef) -> None:
    with (
        NefClient(nef.url, "af-1", credentials=credentials(nef)) as owner,
        NefClient(nef.url, "af-1", credentials=credentials(nef, "af-2")) as other,
        owner.qos_session(REQUEST) as session,
    ):
        with pytest.raises(NotFound):
            other.session(session.id)
        with pytest.raises(Refused, match="REQUESTED_SERVICE_NOT_AUTHORIZED"):
            other.sessions()


def test_a_token_of_a_service_that_began_anew_is_renewed(nef: RunningNef) -> None:
    with NefClient(nef.url, "af-1", credentials=credentials(nef)) as af:
        assert af.sessions() == ()
        secrets = nef.secrets
        nef.reset(clients=["af-1", "af-2"])
        assert nef.secrets != secrets
        with pytest.raises(NotAuthorized):
            af.sessions()  # its secret is another one now
    with NefClient(nef.url, "af-1", credentials=credentials(nef)) as af:
        assert af.sessions() == ()


def test_a_token_that_expires_is_renewed_and_the_request_repeated(nef: RunningNef) -> None:
    with NefClient(nef.url, "af-1", credentials=credentials(nef)) as af:
        assert af.sessions() == ()
        nef.trigger_fault("token-expired")
        session = af.create_session(REQUEST)  # a POST, too
        assert [one.id for one in af.sessions()] == [session.id]
        nef.set_fault("token-expired", probability=1.0)
        with pytest.raises(NotAuthorized, match="the token has expired"):
            af.sessions()
        nef.clear_faults()
        af.delete_session(session.id)


def test_a_fault_is_left_for_those_who_are_let_in(nef: RunningNef) -> None:
    nef.trigger_fault("token-expired")
    nef.trigger_fault("service-unavailable")
    with NefClient(nef.url, "af-1", retries=0) as stranger, pytest.raises(NotAuthorized):
        stranger.sessions()
    forged = {"Authorization": "Bearer forged"}
    with (
        NefClient(nef.url, "af-1", retries=0, headers=forged) as liar,
        pytest.raises(NotAuthorized),
    ):
        liar.sessions()
    with NefClient(nef.url, "af-1", retries=0, credentials=credentials(nef)) as af:
        with pytest.raises(ServerFailed):  # after its token had expired, and was renewed
            af.sessions()
        assert af.sessions() == ()
    nef.clear_faults()


def test_a_websocket_whose_token_was_refused_opens_with_a_new_one(
    nef: RunningNef, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, given = credentials(nef), []
    right = Tokens.header

    def first_wrong(tokens: Tokens) -> str:
        header = right(tokens)
        given.append(header)
        return header if len(given) > 1 else f"{header}x"

    monkeypatch.setattr(Tokens, "header", first_wrong)
    with (
        WebsocketReceiver(credentials=mine) as receiver,
        NefClient(nef.url, "af-1", headers={"Authorization": bearer(nef)}) as af,
        af.qos_session(REQUEST, inbox=(inbox := receiver.inbox())),
    ):
        assert inbox.get(timeout_s=60).reports
    assert len(given) == 2


def bearer(nef: RunningNef) -> str:
    form, me = {"grant_type": "client_credentials"}, ("af-1", nef.secrets["af-1"])
    answer = requests.post(nef.token_url, data=form, auth=me, timeout=60)
    return f"Bearer {answer.json()['access_token']}"


def test_no_log_has_a_secret_or_a_token_whatever_its_level(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    right = Tokens.header

    def noted(tokens: Tokens) -> str:
        given.append(right(tokens))
        return given[-1]

    monkeypatch.setattr(Tokens, "header", noted)
    caplog.set_level(logging.DEBUG)
    with running_nef(clients=["af-1"]) as own:
        mine = credentials(own)
        with (
            NefClient(own.url, "af-1", credentials=mine) as af,
            WebsocketReceiver(credentials=mine) as receiver,
            af.qos_session(REQUEST, inbox=(inbox := receiver.inbox())),
        ):
            assert inbox.get(timeout_s=60).reports
    tokens = {header.removeprefix("Bearer ") for header in given}
    assert len(tokens) == 2
    assert [secret for secret in (*tokens, mine.client_secret) if secret in caplog.text] == []
