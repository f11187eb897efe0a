"""The use cases of an AF session with QoS: intend, apply, confirm.

Each change first saves its intent, then asks the network outside of any transaction, and then saves
the outcome together with what is to be notified. A crash in between leaves a row that is not
settled; `tick` and `recover` bring it to an end.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from nef.domain.addressing import check_addressing
from nef.domain.demands import demands_of
from nef.domain.destinations import OVER_WEBSOCKET, CallbackPolicy
from nef.domain.errors import Conflict, NotFound, NotReady, ResourcesRefused
from nef.domain.events import allocation_reports
from nef.domain.features import Feature
from nef.domain.filters import AddressOrPrefix
from nef.domain.lifecycle import VISIBLE, Trigger
from nef.domain.measurability import check_reporting
from nef.domain.notifications import Notification, Trial
from nef.domain.qos import Catalogue, FlowDemand
from nef.domain.sessions import Session, SessionRequest, Usage
from nef.domain.subscriptions import Api
from nef.ports.clock import Clock
from nef.ports.network import Holdings, Network
from nef.ports.storage import Storage, UnitOfWork
from nef.services.ending import Ending
from nef.services.following import Following, claims, first_grants, reservation_of
from nef.services.measuring import SessionMeasuring
from nef.services.quotas import Quota
from nef.services.telling import last_report, report, tell, wants
from nef.services.underway import UnderWay, abandon, hold_what_is_stored

#: More than a store has.
_ALL = 1 << 31


@dataclass(frozen=True)
class SessionService:
    """Creates, reads, changes and ends sessions, and lets their QoS follow the network.

    `new_id` gives a fresh resource id; `notify` is called after something was put into the outbox.
    `real_s` is real time, by which requests take long however fast the clock goes.
    """

    storage: Storage
    network: Network
    measuring: SessionMeasuring
    clock: Clock
    real_s: Callable[[], float]
    catalogue: Catalogue
    callbacks: CallbackPolicy
    new_id: Callable[[], str]
    notify: Callable[[], None]
    quota: Quota = field(default_factory=Quota)

    def create(self, af_id: str, request: SessionRequest) -> Session:
        """Admit a new session.

        Raises InvalidRequest, UeNotFound, QuotaExceeded or ResourcesRefused.
        """
        request = request.negotiated()
        self.callbacks.check(request.notification_destination)
        demands = demands_of(request, self.catalogue)
        check_reporting(request)
        self.quota.take(af_id)
        session = self._intended(af_id, request, demands)
        try:
            levels = self.network.reserve(reservation_of(session), session.created_at_s)
            return self._confirmed(session, levels)
        except ResourcesRefused:
            with self.storage.at_once() as work:
                work.sessions.remove(session.id)
            raise
        except NotReady:
            abandon(self.storage, session)
            raise
        except Conflict:
            hold_what_is_stored(self.storage, self.network, session.id, self.clock.now_s())
            raise Conflict(f"the session {session.id} took too long to be made") from None

    def read(self, af_id: str, session_id: str) -> Session:
        """One session of this AF; raises NotFound, also for what belongs to another AF."""
        with self.storage.reading() as work:
            return _owned(work, af_id, session_id)

    def wants_websocket(self, af_id: str, _: Api, session_id: str) -> bool:
        """Whether there is such a session of this AF, with its notifications by websocket."""
        try:
            found = self.read(af_id, session_id)
        except NotFound:
            return False
        return found.request.destination == OVER_WEBSOCKET

    def of_af(self, af_id: str, places: Collection[AddressOrPrefix] = ()) -> Sequence[Session]:
        """The sessions of this AF, oldest first; with `places` only those of the UEs there."""
        ue_ids = self.network.ues_at(places) if places else None
        with self.storage.reading() as work:
            return work.sessions.of_af(af_id, ue_ids)

    def change(
        self, af_id: str, session_id: str, revise: Callable[[SessionRequest], SessionRequest]
    ) -> Session:
        """Replace what a session asks for by what `revise` makes of it.

        Raises NotFound, InvalidRequest, Conflict (another change is under way) or
        ResourcesRefused; then the session goes on as it was. So it does after NotReady, unless
        only the answer was lost.
        """
        now_s = self.clock.now_s()
        addresses = self.network.addresses(self.read(af_id, session_id).request.ue)
        with self.storage.transaction() as work:
            session = _owned(work, af_id, session_id)
            request = revise(session.request).negotiated()
            self.callbacks.check(request.notification_destination)
            request.check_instead_of(session.request)
            demands = demands_of(request, self.catalogue)
            check_reporting(request)
            check_addressing(request, addresses)
            intent = session.moved(Trigger.CHANGE, now_s, pending=request)
            intent = work.sessions.replace(intent)
        try:
            return self._applied(intent, request, demands, now_s)
        except NotReady:
            abandon(self.storage, intent)
            raise

    def delete(self, af_id: str, session_id: str) -> Notification | None:
        """End a session for its AF, which is told nothing more about it; raises NotFound.

        Returns the last report, on usage, where the AF had asked for any.
        """
        now_s = self.clock.now_s()

        def forget(work: UnitOfWork, session: Session, usage: Usage | None) -> Notification | None:
            work.outbox.drop(session_id)
            return last_report(session, usage, now_s)

        last = self._ending.intend(lambda w: _owned(w, af_id, session_id), forget, now_s)
        self._ending.release(session_id, now_s)
        return last

    def tick(self) -> None:
        """Move everything to now: expiries, abandoned intents, the network, and what it means."""
        now_s = self.clock.now_s()
        self._under_way.look(now_s, self.real_s())
        self._ending.expire(now_s)
        self._following.move(now_s, self._ending.end)

    def recover(self, present_s: float, *, alone: bool = True) -> None:
        """After a start: give the network its reservations back, and settle what a crash left.

        What flows carry is heard of again at `present_s` at the earliest, whatever was missed.
        Where this process is not `alone`, what is not settled is in the hands of others.
        """
        now_s = self.clock.now_s()
        with self.storage.reading() as work:
            # Before all others: what is confirmed in between is among both.
            left = work.sessions.unsettled(_ALL)
        self.network.restore(map(reservation_of, claims(self.storage)), now_s)
        if alone:
            self._under_way.give_up(left)
        else:
            self._under_way.inherit(left, now_s)
        self.tick()
        newest = self._following.catch_up(now_s, self._ending.end)
        self.measuring.metering.resume(newest, present_s)

    # --- creating and changing ---

    def _intended(
        self, af_id: str, request: SessionRequest, demands: tuple[FlowDemand, ...]
    ) -> Session:
        ue_id = self.network.find_ue(request.ue)
        check_addressing(request, self.network.addresses(request.ue))
        now_s = self.clock.now_s()
        session = Session(
            id=self.new_id(),
            af_id=af_id,
            ue_id=ue_id,
            request=request,
            demands=demands,
            created_at_s=now_s,
            admitted_at_s=now_s,
            expires_at_s=request.expires_at_s(now_s),
            changed_at_s=now_s,
        )
        with self.storage.at_once() as work:
            return work.sessions.add(session)

    def _confirmed(self, session: Session, levels: Holdings) -> Session:
        now_s = self.clock.now_s()
        session = session.moved(Trigger.ADMIT, now_s, grants=first_grants(levels))
        reports = allocation_reports(session.demands, session.grants)
        tried = _is_tried(session)
        told = tried or any(wants(session, one) for one in reports)
        # Most sessions have nothing to be written beside them.
        alone = not (told or self.measuring.watches(session))
        with self.storage.at_once() if alone else self.storage.transaction() as work:
            session = work.sessions.move(session)
            if tried:
                tell(work, session, Trial(Api.SESSIONS), now_s)
            report(work, session, reports, now_s)
            self.measuring.begin(work, session, now_s)
        if told:
            self.notify()
        return self._followed(session)

    def _applied(
        self,
        intent: Session,
        request: SessionRequest,
        demands: tuple[FlowDemand, ...],
        now_s: float,
    ) -> Session:
        """Ask the network for a changed session, and confirm or take back the intent."""
        moved = demands != intent.demands
        changed = replace(
            intent,
            request=request,
            demands=demands,
            # Who asks for something else queues again behind those of the same priority.
            admitted_at_s=now_s if moved else intent.admitted_at_s,
            expires_at_s=intent.expiry_with(request, now_s),
        )
        try:
            levels = self.network.reserve(reservation_of(changed), now_s) if moved else None
        except (ResourcesRefused, Conflict):
            self._settled(intent, intent)
            self._following.follow(intent.id)
            raise
        if levels is not None:
            changed = replace(changed, grants=first_grants(levels))
        elif changed.expires_at_s != intent.expires_at_s:
            # It holds what it holds, and the network foresees another end of it.
            self.network.hold(reservation_of(changed), now_s)
        session = self._settled(intent, changed)
        return self._followed(session)

    def _settled(self, intent: Session, outcome: Session) -> Session:
        now_s = self.clock.now_s()
        try:
            with self.storage.transaction() as work:
                session = outcome.moved(Trigger.SETTLE, now_s, pending=None)
                session = work.sessions.replace(session)
                if outcome.request != intent.request:
                    self.measuring.follow(work, session, now_s)
                destination = session.request.destination
                told = destination != intent.request.destination
                if told:
                    work.outbox.redirect(session.id, destination)
                if outcome.demands != intent.demands:
                    reports = allocation_reports(session.demands, session.grants)
                    told |= report(work, session, reports, now_s)
        except Conflict:
            if hold_what_is_stored(self.storage, self.network, intent.id, now_s):
                raise Conflict(f"the change of {intent.id} took too long; it is undone") from None
            raise NotFound(f"the session {intent.id} ended while it was being changed") from None
        if told:
            self.notify()
        return session

    @cached_property
    def _under_way(self) -> UnderWay:
        return UnderWay(self.storage, self.network, self._following.follow, self._ending.give_up)

    @cached_property
    def _ending(self) -> Ending:
        return Ending(
            self.storage, self.network, self.measuring, self.clock, self._following, self.notify
        )

    @cached_property
    def _following(self) -> Following:
        return Following(self.storage, self.network, self.clock, self.notify)

    def _followed(self, session: Session) -> Session:
        """The session after it caught up with what the network did since it was asked."""
        try:
            if self._following.is_up_to_date(session):
                return session
            return self._following.follow(session.id) or session
        except NotReady:
            return session  # what is recorded stands; whoever has the network next compares


def _owned(work: UnitOfWork, af_id: str, session_id: str) -> Session:
    session = work.sessions.get(session_id)
    if session is None or session.af_id != af_id or session.state not in VISIBLE:
        raise NotFound(f"the AF {af_id} has no session {session_id}")
    return session


def _is_tried(session: Session) -> bool:
    """Whether its AF has asked for a test notification, and may."""
    may = Feature.NOTIFICATION_TEST_EVENT in Feature(session.request.features or 0)
    return may and bool(session.request.test_notification)
