from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import af_client.client
from af_client import (
    Alternative,
    BadRequest,
    ConnectFailed,
    Credentials,
    FlowFilter,
    Inbox,
    InvalidReply,
    MediaFlow,
    NefClient,
    NoAnalytics,
    NotFound,
    Notification,
    Refused,
    Reply,
    ServerFailed,
    SessionRequest,
    UeAddress,
)
from af_client.inbox import Receipt
from fakes.transport import FakeTransport, problem, reply

BASE = "http://nef.example/root"
SESSIONS = f"{BASE}/3gpp-as-session-with-qos/v1/recognition/subscriptions"
UE = UeAddress(ipv4="10.45.0.2")
WEIGHTS = MediaFlow(
    2,
    filters=(FlowFilter(1, ("permit out ip from any to any",)),),
    per="1E-3",
    alternatives=(Alternative("small", gbr_dl_bps=800_000),),
)
REQUEST = SessionRequest(UE, flows=(WEIGHTS,), notification_destination="http://af.example/n")


def document(session_id: str = "s-1", **attributes: Any) -> dict[str, Any]:
    own = {"self": f"{SESSIONS}/{session_id}", "ueIpv4Addr": "10.45.0.2"}
    return own | {"notificationDestination": "http://af.example/n"} | attributes


def created(session_id: str = "s-1") -> Reply:
    return reply(201, document(session_id), Location=f"{SESSIONS}/{session_id}")


def client(*script: Reply | Exception, **options: Any) -> tuple[NefClient, FakeTransport]:
    transport = FakeTransport(*script)
    return NefClient(BASE, "recognition", transport=transport, **options), transport


@pytest.mark.parametrize("wrong", ["127.0.0.1:8080", "localhost", "", "ftp://nef.example"])
def test_a_root_that_is_none_is_refused_where_it_is_written(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no URL; one begins with http:// or https://"):
        NefClient(wrong, "recognition")
    with pytest.raises(ValueError, match="is no URL"):
        NefClient(BASE, "recognition", credentials=Credentials(wrong, "recognition", "secret"))


def test_a_root_with_an_api_is_refused_with_the_root() -> None:
    with pytest.raises(ValueError, match=r"has the name of an API; its root is http://nef$"):
        NefClient("http://nef/3gpp-as-session-with-qos/v1", "recognition")


def test_a_root_below_a_name_like_that_of_an_api_is_one() -> None:
    network = FakeTransport(reply(200, []))
    nef = NefClient("https://gateway.example/3gpp-exposure", "recognition", transport=network)
    assert nef.sessions() == ()
    [asked] = network.asked
    root = "https://gateway.example/3gpp-exposure/3gpp-as-session-with-qos/v1"
    assert asked == ("GET", f"{root}/recognition/subscriptions")


def test_an_area_is_made_of_cells_and_not_of_names() -> None:
    with pytest.raises(ValueError, match="area has 'cell-1'; it takes a Cell or TrackingArea"):
        client()[0].area("cell-1")  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["", ".", ".."])
def test_an_af_id_that_no_path_can_hold_is_refused_where_it_is_written(wrong: str) -> None:
    with pytest.raises(ValueError, match="can be no AF id"):
        NefClient(BASE, wrong)


class TestClosing:
    class Closing(FakeTransport):
        closed = False

        def close(self) -> None:
            self.closed = True

    def test_the_client_closes_the_transport_that_it_made(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = self.Closing()
        monkeypatch.setattr(af_client.client, "RequestsTransport", lambda *_, **__: made)
        with NefClient(BASE, "recognition"):
            assert not made.closed
        assert made.closed

    def test_the_client_leaves_a_transport_open_that_it_was_given(self) -> None:
        given = self.Closing()
        NefClient(BASE, "recognition", transport=given).close()
        assert not given.closed


class TestCreating:
    def test_a_session_is_known_by_its_location(self) -> None:
        nef, network = client(created())
        session = nef.create_session(REQUEST)
        assert (session.id, session.url) == ("s-1", f"{SESSIONS}/s-1")
        assert network.asked == [("POST", SESSIONS)]
        assert network.said["multiModDatFlows"]["2"]["tsnQos"] == {"maxPer": "1E-3"}
        assert network.requests[0].headers["Content-Type"] == "application/json"

    def test_a_location_may_be_a_path(self) -> None:
        nef, _ = client(reply(201, document(), location="/elsewhere/s-9"))
        assert nef.create_session(REQUEST).url == "http://nef.example/elsewhere/s-9"

    def test_what_the_nef_accepted_is_the_request_of_the_session(self) -> None:
        nef, _ = client(reply(201, document(supportedFeatures="12"), Location=f"{SESSIONS}/s-1"))
        assert nef.create_session(REQUEST).request.features == "12"

    def test_without_a_destination_nothing_is_asked_and_the_way_out_is_named(self) -> None:
        nef, network = client()
        with pytest.raises(ValueError, match="notification_destination"):
            nef.create_session(SessionRequest(UE))
        assert network.asked == []

    def test_a_refusal_arrives_with_its_offer(self) -> None:
        offer = {"accBwMedComps": {"2": {"medCompN": 2, "marBwDl": "1 Mbps"}}}
        nef, _ = client(problem(403, {"acceptableServInfo": offer}))
        with pytest.raises(Refused, match=f"POST {SESSIONS} -> 403") as caught:
            nef.create_session(REQUEST)
        assert caught.value.acceptable[2].max_rate_dl_bps == 1_000_000

    @pytest.mark.parametrize(
        "answer", [reply(201), reply(201, []), reply(201, {}), Reply(201, {}, b"<html>")]
    )
    def test_an_answer_that_cannot_be_understood_is_an_error_of_the_tree(
        self, answer: Reply
    ) -> None:
        nef, _ = client(answer)
        with pytest.raises(InvalidReply):
            nef.create_session(REQUEST)

    def test_an_af_id_cannot_break_out_of_its_path(self) -> None:
        network = FakeTransport(created())
        NefClient(BASE, "a/../b?c", transport=network).create_session(REQUEST)
        assert urlsplit(network.requests[0].url).path.endswith("/v1/a%2F..%2Fb%3Fc/subscriptions")
        assert urlsplit(network.requests[0].url).query == ""

    def test_a_token_goes_with_every_request(self) -> None:
        nef, network = client(created(), headers={"Authorization": "Bearer t"})
        nef.create_session(REQUEST)
        assert network.requests[0].headers["Authorization"] == "Bearer t"


class TestReading:
    def test_a_session_is_read_by_its_id(self) -> None:
        nef, network = client(reply(200, document()))
        assert nef.session("s-1").request.ue == UE
        assert network.asked == [("GET", f"{SESSIONS}/s-1")]

    def test_a_session_without_a_link_to_itself_has_the_one_it_was_read_by(self) -> None:
        nef, _ = client(reply(200, {"gpsi": "msisdn-1"}))
        assert nef.session("s-1").url == f"{SESSIONS}/s-1"

    def test_an_unknown_session_is_not_found(self) -> None:
        nef, _ = client(problem(404))
        with pytest.raises(NotFound):
            nef.session("s-1")

    def test_all_sessions_of_the_af_are_listed(self) -> None:
        nef, network = client(reply(200, [document("s-1"), document("s-2")]))
        assert [session.id for session in nef.sessions()] == ["s-1", "s-2"]
        assert network.asked == [("GET", SESSIONS)]

    @pytest.mark.parametrize(
        ("ue", "addresses"),
        [
            (UE, '[{"ipv4Addr":"10.45.0.2"}]'),
            (UeAddress(ipv6="2001:db8::2"), '[{"ipv6Addr":"2001:db8::2"}]'),
        ],
    )
    def test_the_sessions_of_one_ue_are_asked_for_by_its_address(
        self, ue: UeAddress, addresses: str
    ) -> None:
        nef, network = client(reply(200, []))
        assert nef.sessions(ue) == ()
        assert parse_qs(urlsplit(network.requests[0].url).query) == {"ip-addrs": [addresses]}

    def test_a_session_of_a_ue_counts_however_it_named_the_ue(self) -> None:
        named = {"self": f"{SESSIONS}/s-2", "gpsi": "msisdn-1"}
        nef, _ = client(reply(200, [document("s-1"), named]))
        assert [session.id for session in nef.sessions(UE)] == ["s-1", "s-2"]

    def test_the_sessions_of_a_gpsi_are_picked_out_of_all(self) -> None:
        named = {"self": f"{SESSIONS}/s-2", "gpsi": "msisdn-1"}
        nef, network = client(reply(200, [document("s-1"), named]))
        assert [s.id for s in nef.sessions(UeAddress(gpsi="msisdn-1"))] == ["s-2"]
        assert network.asked == [("GET", SESSIONS)]

    def test_a_list_that_is_none_is_an_invalid_reply(self) -> None:
        nef, _ = client(reply(200, {}))
        with pytest.raises(InvalidReply, match="no JSON array"):
            nef.sessions()


class TestChanging:
    def test_a_new_ladder_of_one_flow_is_a_merge_patch_of_that_flow(self) -> None:
        nef, network = client(reply(200, document()))
        nef.modify_session("s-1", flows=(replace(WEIGHTS, alternatives=()),), duration_s=None)
        assert network.asked == [("PATCH", f"{SESSIONS}/s-1")]
        assert network.requests[0].headers["Content-Type"] == "application/merge-patch+json"
        assert network.said["qosDuration"] is None
        assert list(network.said["multiModDatFlows"]) == ["2"]
        assert network.said["multiModDatFlows"]["2"]["altSerReqsData"] is None

    def test_a_raw_patch_goes_beside_words(self) -> None:
        nef, network = client(reply(200, document()))
        nef.modify_session("s-1", {"usageThreshold": None}, duration_s=5)
        assert network.said == {"usageThreshold": None, "qosDuration": 5}

    def test_an_empty_change_is_a_mistake_of_the_caller(self) -> None:
        nef, _ = client()
        with pytest.raises(ValueError, match="nothing to change"):
            nef.modify_session("s-1")

    def test_a_replacement_is_a_put_of_the_whole(self) -> None:
        nef, network = client(reply(200, document(qosDuration=7)))
        assert nef.replace_session("s-1", REQUEST).request.duration_s == 7
        assert network.asked == [("PUT", f"{SESSIONS}/s-1")]

    def test_a_change_that_was_answered_without_a_body_is_read_back(self) -> None:
        nef, network = client(reply(204), reply(200, document(qosDuration=7)))
        assert nef.modify_session("s-1", duration_s=7).request.duration_s == 7
        assert network.asked[1] == ("GET", f"{SESSIONS}/s-1")

    def test_a_wrong_change_says_what_is_wrong(self) -> None:
        wrong = {"invalidParams": [{"param": "/qosDuration", "reason": "too long"}]}
        nef, _ = client(problem(400, wrong))
        with pytest.raises(BadRequest, match="/qosDuration: too long"):
            nef.modify_session("s-1", duration_s=10**9)


class TestEnding:
    def test_a_deleted_session_has_nothing_more_to_say(self) -> None:
        nef, network = client(reply(204))
        assert nef.delete_session("s-1") == ()
        assert network.asked == [("DELETE", f"{SESSIONS}/s-1")]

    def test_the_last_report_of_a_deleted_session_is_returned(self) -> None:
        report = {"event": "USAGE_REPORT", "accumulatedUsage": {"duration": 5}}
        nef, _ = client(reply(200, {"transaction": "x", "eventReports": [report]}))
        (last,) = nef.delete_session("s-1")
        assert last.raw["accumulatedUsage"] == {"duration": 5}

    def test_deleting_what_is_gone_is_said(self) -> None:
        nef, _ = client(problem(404))
        with pytest.raises(NotFound):
            nef.delete_session("s-1")


class TestHolding:
    def test_the_session_is_deleted_at_the_end(self) -> None:
        nef, network = client(created(), reply(204))
        with nef.qos_session(REQUEST) as session:
            assert network.asked == [("POST", SESSIONS)]
        assert network.asked[1] == ("DELETE", session.url)

    def test_the_session_is_deleted_when_the_block_fails(self) -> None:
        nef, network = client(created(), reply(204))
        with pytest.raises(RuntimeError, match="the block"), nef.qos_session(REQUEST):
            raise RuntimeError("the block")
        assert network.asked[1][0] == "DELETE"

    def test_what_is_no_inbox_is_told_before_anything_is_asked(self) -> None:
        nef, network = client()
        holding = nef.qos_session(REQUEST, inbox="http://af.example/n")  # type: ignore[arg-type]
        with (
            pytest.raises(TypeError, match=r"inbox has a str; it takes receiver\.inbox\(\)"),
            holding,
        ):
            pass
        assert network.asked == []

    def test_a_session_that_the_network_ended_is_no_error(self) -> None:
        nef, network = client(created(), problem(404))
        with nef.qos_session(REQUEST):
            pass
        assert len(network.asked) == 2

    def test_a_delete_that_fails_is_an_error(self) -> None:
        nef, _ = client(created(), problem(503))
        with pytest.raises(ServerFailed), nef.qos_session(REQUEST):
            pass

    def test_a_delete_that_fails_does_not_hide_why_the_block_failed(self) -> None:
        nef, _ = client(created(), ConnectFailed("no connection"))
        with pytest.raises(RuntimeError, match="the block") as caught, nef.qos_session(REQUEST):
            raise RuntimeError("the block")
        assert "may still exist: no connection" in caught.value.__notes__[0]

    def test_an_inbox_becomes_the_destination_and_expects_the_session(self) -> None:
        inbox = Inbox("http://af.example/secret")
        nef, network = client(created(), reply(204))
        with nef.qos_session(SessionRequest(UE), inbox=inbox) as session:
            assert network.said["notificationDestination"] == "http://af.example/secret"
            assert inbox.accept(Notification(session.url)) is Receipt.ACCEPTED
            assert inbox.accept(Notification(f"{SESSIONS}/other")) is Receipt.UNKNOWN_SESSION
        assert inbox.accept(Notification(session.url)) is Receipt.UNKNOWN_SESSION

    def test_a_destination_of_ones_own_stays(self) -> None:
        nef, network = client(created(), reply(204))
        with nef.qos_session(REQUEST, inbox=Inbox("http://af.example/secret")):
            assert network.said["notificationDestination"] == "http://af.example/n"

    def test_a_notification_that_overtakes_the_reply_is_kept(self) -> None:
        inbox = Inbox("http://af.example/secret")
        inbox.expect(f"{SESSIONS}/earlier")

        class Hasty(FakeTransport):
            def send(self, request: Any) -> Reply:
                inbox.accept(Notification(f"{SESSIONS}/s-1"))
                return super().send(request)

        nef = NefClient(BASE, "recognition", transport=Hasty(created(), reply(204)))
        with nef.qos_session(SessionRequest(UE), inbox=inbox) as session:
            assert inbox.get(0).session_url == session.url

    def test_a_refused_session_leaves_nothing_to_delete(self) -> None:
        nef, network = client(problem(403))
        with pytest.raises(Refused), nef.qos_session(REQUEST):
            pytest.fail("there is no session")
        assert len(network.asked) == 1


class TestAnalytics:
    def test_the_bandwidth_of_a_ue_is_fetched_by_its_gpsi(self) -> None:
        performance = {"perfData": {"avgTrafficRate": "40 Mbps"}}
        nef, network = client(reply(200, {"dnPerfInfos": [{"dnPerf": [performance]}]}))
        assert nef.ue(gpsi="msisdn-1").bandwidth().average_dl_bps == 40_000_000
        fetch = f"{BASE}/3gpp-analyticsexposure/v1/recognition/fetch"
        assert network.asked == [("POST", fetch)]
        assert network.said["tgtUe"] == {"gpsi": "msisdn-1"}

    def test_no_analytics_now_is_an_error_of_its_own(self) -> None:
        nef, _ = client(reply(204))
        with pytest.raises(NoAnalytics, match="msisdn-1"):
            nef.ue(gpsi="msisdn-1").bandwidth()

    def test_analytics_that_cannot_be_understood_are_an_invalid_reply(self) -> None:
        nef, _ = client(reply(200, {"dnPerfInfos": 5}))
        with pytest.raises(InvalidReply, match="/dnPerfInfos"):
            nef.ue(gpsi="msisdn-1").bandwidth()
