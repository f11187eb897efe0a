"""The AF's side of a NEF: sessions with QoS, plans, and what the network can do for a UE."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Self, Unpack

from af_client.answers import Cell, TrackingArea
from af_client.checks import check_value, checked_af_id
from af_client.exchange import Exchange
from af_client.inbox import Inbox
from af_client.messages import EventReport, Session, SessionChanges, SessionRequest, UeAddress
from af_client.planning import Plans
from af_client.plans import Candidate, Plan, PlanRequest
from af_client.questions import Target
from af_client.sessions import Sessions
from af_client.targets import Analytics, UeAnalytics
from af_client.tokens import Credentials, Tokens
from af_client.transport import RequestsTransport, Tls, Transport, checked_url, is_loopback
from af_client.warned import Warnings


class NefClient:
    """Talks to the NEF at `base_url` as the AF `af_id`; safe to share between threads.

    Every method raises an error of the tree in `af_client.errors`. `timeout_s` (to connect, to
    wait for the answer), `retries`, `tls` and proxy variables matter only where `transport` is not
    given; see `RequestsTransport` for what is repeated. With `credentials` every request has a
    token, which is fetched when first needed, renewed before it expires, and once where the NEF
    refuses it. `headers` go with every request. `with NefClient(...)` closes its connections at
    the end. A URL without its scheme is a ValueError, and so is an AF id that is empty.
    """

    def __init__(
        self,
        base_url: str,
        af_id: str,
        *,
        transport: Transport | None = None,
        timeout_s: tuple[float, float] = (3.05, 10.0),
        retries: int = 3,
        headers: Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
        tls: Tls | None = None,
    ) -> None:
        self._own: list[RequestsTransport] = []

        def to(url: str) -> Transport:
            checked_url(url)
            if transport is not None:
                return transport
            # No proxy leads to this very machine, whatever the environment says.
            environment = not is_loopback(url)
            own = RequestsTransport(timeout_s, retries, environment=environment, tls=tls)
            self._own.append(own)
            return own

        tokens = Tokens(credentials, to(credentials.token_url)) if credentials else None
        self._af_id = checked_af_id(af_id)
        self._exchange = Exchange(base_url, to(base_url), headers or {}, tokens)
        self._sessions = Sessions(self._exchange, af_id)
        self._plans = Plans(self._exchange, af_id)

    def create_session(self, request: SessionRequest) -> Session:
        """Ask for a session with QoS.

        That it exists does not mean that the network has the resources: wait for the event
        SUCCESSFUL_RESOURCES_ALLOCATION. Raises Refused where the network says no at once.
        """
        return self._sessions.create(request)

    def session(self, session_id: str) -> Session:
        """Read a session; raises NotFound, also for another AF's."""
        return self._sessions.get(session_id)

    def sessions(self, ue: UeAddress | None = None) -> tuple[Session, ...]:
        """Read all sessions of this AF, or those of one UE.

        By an address these are all of the UE, by a GPSI those that were asked for by it.
        """
        return self._sessions.list(ue)

    def replace_session(self, session_id: str, request: SessionRequest) -> Session:
        """Replace a session as a whole (PUT): what the request does not say is gone."""
        return self._sessions.replace(session_id, request)

    def modify_session(
        self,
        session_id: str,
        patch: Mapping[str, Any] | None = None,
        /,
        **changes: Unpack[SessionChanges],
    ) -> Session:
        """Change what is named and leave the rest (PATCH); see `SessionChanges`.

        A flow in `flows` is taken as a whole: begin with `session.flow(number)` and
        `dataclasses.replace`. Going from a ladder of names to one of values needs
        `replace_session`. `patch` is a raw merge patch in 3GPP's names, for what has no word here.
        """
        return self._sessions.modify(session_id, patch or {}, changes)

    def delete_session(self, session_id: str) -> tuple[EventReport, ...]:
        """End a session; returns the last reports, usage say, if the NEF has any."""
        return self._sessions.delete(session_id)

    def qos_session(
        self, request: SessionRequest, *, inbox: Inbox | None = None
    ) -> AbstractContextManager[Session]:
        """Hold a session for the length of a `with` block, and delete it whatever happens.

        `inbox` takes its notifications, and is their destination where the request names none.
        That the network ends the session first is no error.
        """
        return self._sessions.held(request, inbox)

    def plan_transfer(self, request: PlanRequest, *, warnings: Warnings | None = None) -> Plan:
        """Ask when a transfer could be carried; `choose` one of the plan's candidates.

        `warnings` takes the warnings that it can no longer be kept, and is their destination where
        the request names none. Raises Refused where no time would do; its `detail` says what would.
        """
        return self._plans.create(request, warnings)

    def plan(self, plan_id: str) -> Plan:
        """Read a plan with the candidates of now; raises NotFound, also for one that is over."""
        return self._plans.get(plan_id)

    def plans(self) -> tuple[Plan, ...]:
        """Read all plans of this AF."""
        return self._plans.list()

    def choose(self, plan: Plan, candidate: Candidate) -> Plan:
        """Choose a window of a plan, or another one after a warning.

        Nothing is reserved: when the window begins, ask for a session. Raises Refused where the
        network could no longer carry it then.
        """
        return self._plans.choose(plan, candidate)

    def modify_plan(
        self,
        plan_id: str,
        *,
        warned: bool | None = None,
        notification_destination: str | None = None,
    ) -> Plan:
        """Change whether and where warnings come; what is not named stays."""
        return self._plans.modify(plan_id, warned, notification_destination)

    def delete_plan(self, plan_id: str) -> None:
        """Give a plan up; that it is over already is as good."""
        self._plans.delete(plan_id)

    def ue(self, *, gpsi: str) -> UeAnalytics:
        """Return the door to what the network can tell about a UE."""
        return UeAnalytics(self._exchange, self._af_id, Target(gpsi=gpsi))

    def group(self, external_group_id: str) -> Analytics:
        """Return the door to what the network can tell about a group of UEs."""
        return Analytics(self._exchange, self._af_id, Target(group=external_group_id))

    def area(self, *places: Cell | TrackingArea) -> Analytics:
        """Return the door to what the network can tell about cells, and the UEs in them."""
        if not places:
            raise ValueError("name at least one Cell or TrackingArea")
        check_value("area", places, tuple[Cell | TrackingArea, ...])
        cells = tuple(place for place in places if isinstance(place, Cell))
        areas = tuple(place for place in places if isinstance(place, TrackingArea))
        return Analytics(self._exchange, self._af_id, Target(cells=cells, tracking_areas=areas))

    def close(self) -> None:
        """Close the connections of a transport that the client made itself."""
        for transport in self._own:
            transport.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()
