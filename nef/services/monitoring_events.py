"""Events of UEs: told at once, or by a subscription whenever they happen."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from nef.domain.areas import CellPlace
from nef.domain.destinations import CallbackPolicy, destination_of
from nef.domain.errors import InvalidParam, InvalidRequest, NotModifiable, UeNotFound
from nef.domain.filters import AddressOrPrefix
from nef.domain.monitoring_events import (
    GONE,
    MonitoringRequest,
    MonitoringSubscription,
    Sighting,
    UeEvent,
    check_request,
)
from nef.domain.notifications import Content, MonitoringEvents, Trial
from nef.domain.sessions import UeAddress
from nef.domain.sightings import collected, is_over, next_look, seen
from nef.domain.subscriptions import NEVER, SOON, Api, Due, Subscription
from nef.ports.clock import Clock
from nef.ports.information import ORDINARY_FLOW, Information, UeIdentity
from nef.services.subscriptions import Look, SubscriptionService

#: How far back a UE is looked for that is nowhere now; the network may know less.
LOOK_BACK_S = 3600.0

_Subscription = Subscription[MonitoringSubscription]


@dataclass(frozen=True)
class Lookout:
    """Sees how UEs stand, through the network that admits sessions."""

    information: Information

    def begun(self, request: MonitoringRequest) -> MonitoringSubscription:
        """A subscription of which nothing was told yet; raises UeNotFound or InvalidRequest."""
        target = request.target
        if target.ue is not None:
            return MonitoringSubscription(request, self._named(target.ue, target.pointer).gpsi)
        members = {ue.gpsi for ue in self._group(target.group or "", target.pointer)}
        strangers = [gpsi for gpsi in (*target.excluded, *target.added) if gpsi not in members]
        if strangers:
            reason = f"{strangers[0]} is not in this group"
            raise InvalidRequest(InvalidParam(target.pointer, reason))
        return MonitoringSubscription(request)

    def gpsis(self, body: MonitoringSubscription) -> tuple[str, ...]:
        """Those that a subscription is about; none of a group that the network has no more."""
        if body.gpsi is not None:
            return (body.gpsi,)
        target = body.request.target
        try:
            members = self.information.group(target.group or "")
        except UeNotFound:
            return ()
        return tuple(ue.gpsi for ue in members if ue.gpsi not in target.excluded)

    def sightings(self, body: MonitoringSubscription, now_s: float) -> dict[str, Sighting]:
        """How they stand, and those of which something was told and that the network has lost."""
        places = {place.cell_id: place for place in self.information.cells()}
        members = self.gpsis(body)
        found = {}
        for gpsi in dict.fromkeys((*members, *body.standings)):
            ue = self._found(UeAddress(gpsi=gpsi))
            if ue is None:
                found[gpsi] = GONE
            elif gpsi in members:
                found[gpsi] = self._sighting(ue, body.request, places, now_s)
        return found

    def known(self, places: Collection[AddressOrPrefix]) -> frozenset[str]:
        """The GPSIs of the UEs at some addresses or prefixes, as far as there are any."""
        return frozenset(ue.gpsi for ue in self.information.ues_at(places))

    def _sighting(
        self,
        ue: UeIdentity,
        request: MonitoringRequest,
        places: Mapping[str, CellPlace],
        now_s: float,
    ) -> Sighting:
        course = self.information.ue_course(ue.ue_id, ORDINARY_FLOW, now_s, now_s, now_s)
        if course is None:
            return GONE
        moment = course.moments[-1]
        located = moment.cell_id if moment.reachable else None
        sighting = Sighting(
            attached=moment.cell_id is not None,
            reachable=moment.reachable,
            place=None if located is None else places.get(located),
        )
        if sighting.place is not None or not request.location.takes_last:
            return sighting
        return replace(sighting, last=places.get(ue.cell_id), age_s=self._age_s(ue, now_s))

    def _age_s(self, ue: UeIdentity, now_s: float) -> float | None:
        """How long ago a UE was reachable; None where nobody remembers."""
        begin_s = now_s - LOOK_BACK_S
        course = self.information.ue_course(ue.ue_id, ORDINARY_FLOW, begin_s, now_s, now_s)
        moments = () if course is None else course.moments
        for moment, after in reversed(tuple(pairwise(moments))):
            if moment.reachable:
                return now_s - after.time_s
        return None

    def _found(self, address: UeAddress) -> UeIdentity | None:
        try:
            return self.information.ue(address)
        except UeNotFound:
            return None

    def _named(self, address: UeAddress, pointer: str) -> UeIdentity:
        ue = self._found(address)
        if ue is None:
            raise UeNotFound(pointer, str(address.named[1]))
        return ue

    def _group(self, group_id: str, pointer: str) -> Sequence[UeIdentity]:
        try:
            return self.information.group(group_id)
        except UeNotFound:
            raise UeNotFound(pointer, group_id) from None


@dataclass(frozen=True)
class MonitoringService:
    """Subscriptions to events of UEs; those that are kept are looked at by the ticker."""

    lookout: Lookout
    clock: Clock
    subscriptions: SubscriptionService
    callbacks: CallbackPolicy

    def subscribe(
        self, af_id: str, request: MonitoringRequest
    ) -> tuple[_Subscription | None, tuple[UeEvent, ...]]:
        """Begin to report; also gives what the AF is told at once in the answer.

        No subscription is kept where that is all it asked for. Raises InvalidRequest or UeNotFound.
        """
        now_s = self.clock.now_s()
        body, told, later = self._begun(request, now_s)
        if told and is_over(body, now_s):
            return None, told
        trial = (Trial(Api.MONITORING),) if request.test_notification else ()
        contents: tuple[Content, ...] = trial
        if later:
            body, news = collected(body, later, now_s)
            contents = (*trial, *_contents(news))
        kept = self.subscriptions.add(af_id, Api.MONITORING, body, next_look(body, now_s), contents)
        return kept, told

    def replace(
        self, af_id: str, subscription_id: str, request: MonitoringRequest
    ) -> tuple[_Subscription, tuple[UeEvent, ...]]:
        """Begin anew with another request about the same UE or group; raises as `subscribe` does.

        What is told at once, and not in the answer, is told at the next tick.
        """
        now_s = self.clock.now_s()
        _check_same(self.read(af_id, subscription_id).body.request, request)
        body, told, later = self._begun(request, now_s)
        body = replace(body, held=later, held_s=now_s if later else None)
        due = SOON if later or is_over(body, now_s) else next_look(body, now_s)
        found = self.subscriptions.change(
            af_id, Api.MONITORING, subscription_id, lambda _: (body, due)
        )
        return found, told

    def modify(
        self,
        af_id: str,
        subscription_id: str,
        revise: Callable[[MonitoringRequest], MonitoringRequest],
    ) -> _Subscription:
        """Go on with some members of the group left out or added; raises as `subscribe` does."""

        def revised(body: MonitoringSubscription) -> tuple[MonitoringSubscription, Due]:
            request = revise(body.request)
            check_request(request, self.clock.now_s())
            self.lookout.begun(request)
            # What was told of those who are left out is forgotten: they begin anew when added.
            standings = {
                gpsi: standing
                for gpsi, standing in body.standings.items()
                if gpsi not in request.target.excluded
            }
            return replace(body, request=request, standings=standings), SOON

        return self.subscriptions.change(af_id, Api.MONITORING, subscription_id, revised)

    def read(self, af_id: str, subscription_id: str) -> _Subscription:
        """One subscription of this AF; raises NotFound."""
        return self.subscriptions.read(af_id, Api.MONITORING, subscription_id)

    def of_af(
        self, af_id: str, places: Collection[AddressOrPrefix] = ()
    ) -> Sequence[_Subscription]:
        """The subscriptions of this AF, oldest first; with `places` only those on these UEs."""
        found = self.subscriptions.of_af(af_id, Api.MONITORING)
        if not places:
            return found
        asked = self.lookout.known(places)
        return [one for one in found if not asked.isdisjoint(self.lookout.gpsis(one.body))]

    def delete(self, af_id: str, subscription_id: str) -> tuple[UeEvent, ...]:
        """End a subscription for its AF; gives what was held back of it; raises NotFound."""
        found = self.read(af_id, subscription_id)
        self.subscriptions.remove(af_id, Api.MONITORING, subscription_id)
        return found.body.held

    def _begun(
        self, request: MonitoringRequest, now_s: float
    ) -> tuple[MonitoringSubscription, tuple[UeEvent, ...], tuple[UeEvent, ...]]:
        """What is kept, what is told in the answer, and what by notification."""
        self.callbacks.check(request.destination)
        check_request(request, now_s)
        body = self.lookout.begun(request)
        body, events = seen(body, self.lookout.sightings(body, now_s), now_s)
        if request.immediate or is_over(body, now_s):
            return body, events, ()
        return body, (), events


@dataclass(frozen=True)
class MonitoringWatch:
    """Looks at subscriptions to events of UEs."""

    lookout: Lookout

    def destination(self, subscription: _Subscription) -> str:
        """Where its notifications go."""
        request = subscription.body.request
        return destination_of(request.destination, websocket=request.websocket)

    def weight(self, body: object) -> int:  # noqa: ARG002 - each is as much work as another
        """One look."""
        return 1

    def look(self, subscription: _Subscription, now_s: float) -> Look:
        """Tell what has happened since the last look."""
        body = subscription.body
        events: tuple[UeEvent, ...] = ()
        if not is_over(body, now_s):
            body, events = seen(body, self.lookout.sightings(body, now_s), now_s)
        body, news = collected(body, events, now_s)
        over = is_over(body, now_s)
        due = NEVER if over else next_look(body, now_s)
        return Look(body, due, _contents(news), over)


def _contents(events: tuple[UeEvent, ...]) -> tuple[Content, ...]:
    return (MonitoringEvents(events),) if events else ()


def _check_same(before: MonitoringRequest, after: MonitoringRequest) -> None:
    if before.target.whom != after.target.whom:
        reason = "a subscription stays with its UE or group; create another one for another"
        raise NotModifiable(InvalidParam(after.target.pointer, reason))
