"""What the network could, can and will do: answered at once, or reported again and again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nef.domain.analytics import (
    AnalyticsRequest,
    AnalyticsSubscription,
    Failed,
    Failure,
    Question,
    check_question,
)
from nef.domain.destinations import CallbackPolicy, destination_of
from nef.domain.errors import InvalidParam, InvalidRequest, MixedWindow, TooLate, UeNotFound
from nef.domain.findings import Answer, mark
from nef.domain.notifications import AnalyticsEvents, Content, Trial
from nef.domain.reporting import (
    CHANGES_APART_S,
    Method,
    Reported,
    Reporting,
    crossed,
    is_due,
    is_over,
    may_tell,
    next_look,
)
from nef.domain.sessions import UeAddress
from nef.domain.subscriptions import NEVER, Api, Subscription
from nef.ports.clock import Clock
from nef.ports.information import Information, UeIdentity
from nef.services.findings import answer
from nef.services.inquiries import Inquiry
from nef.services.subscriptions import Look, SubscriptionService


@dataclass(frozen=True)
class Analyst:
    """Answers questions about the network, from the network that admits sessions."""

    information: Information

    def answer(self, question: Question, now_s: float) -> Answer | None:
        """What there is to say, None without data; raises MixedWindow, TooLate, or as `check`."""
        if question.needed_by_s is not None and question.needed_by_s < now_s:
            raise TooLate(
                InvalidParam(f"{question.pointer}/analyRep/timeAnaNeeded", "this time has passed")
            )
        if question.window.is_mixed(now_s):
            reason = "a window lies in the past or in the future; ask twice for both"
            raise MixedWindow(InvalidParam(f"{question.pointer}/analyRep/startTs", reason))
        # Who asked a network that has ended meanwhile hears of the present of the next one.
        return answer(self._inquiry(question, max(now_s, self.information.begun_s())))

    def check(self, question: Question) -> None:
        """Whether it makes sense and names what is there; raises InvalidRequest or UeNotFound."""
        check_question(question)
        self._inquiry(question, 0.0)

    def _inquiry(self, question: Question, now_s: float) -> Inquiry:
        network = {place.cell_id: place for place in self.information.cells()}
        places = tuple(self.information.cells(question.area or None))
        if question.area and not places:
            raise InvalidRequest(
                InvalidParam(
                    f"{question.pointer}/analyEventFilter/locArea",
                    "no cell of this network is in this area",
                )
            )
        ues = tuple(ue for ue in self._ues(question) if ue.cell_id in network)
        if question.area:
            inside = {place.cell_id for place in places}
            ues = tuple(ue for ue in ues if ue.cell_id in inside)
        elif ues and not question.target.any_ue:
            serving = {ue.cell_id for ue in ues}
            places = tuple(place for place in places if place.cell_id in serving)
        return Inquiry(question, now_s, ues, places, network, self.information)

    def _ues(self, question: Question) -> tuple[UeIdentity, ...]:
        target = question.target
        try:
            if target.gpsi is not None:
                return (self.information.ue(UeAddress(gpsi=target.gpsi)),)
            if target.group is not None:
                return tuple(self.information.group(target.group))
        except UeNotFound:
            name = "gpsi" if target.gpsi is not None else "exterGroupId"
            pointer = f"{question.pointer}/tgtUe/{name}"
            raise UeNotFound(pointer, target.gpsi or target.group or "") from None
        return tuple(self.information.ues())


@dataclass(frozen=True)
class AnalyticsService:
    """Fetches and subscriptions; the latter are looked at by the ticker."""

    analyst: Analyst
    clock: Clock
    subscriptions: SubscriptionService
    callbacks: CallbackPolicy

    def fetch(self, question: Question) -> Answer | None:
        """Answer one question now, None without data; raises UeNotFound or InvalidRequest."""
        self.analyst.check(question)
        return self.analyst.answer(question, self.clock.now_s())

    def subscribe(
        self, af_id: str, request: AnalyticsRequest
    ) -> tuple[Subscription[AnalyticsSubscription], tuple[Answer, ...]]:
        """Begin to report; also gives the answers of an immediate report, where one is wanted.

        Raises InvalidRequest or UeNotFound, also where no event of it can be reported at all.
        Where the immediate report is the last one, nothing is kept.
        """
        now_s = self.clock.now_s()
        body, answers = self._begun(request, now_s)
        told = bool(answers) and request.reporting.immediate
        contents: tuple[Content, ...] = (Trial(Api.ANALYTICS),) if request.test_notification else ()
        if told and is_over(request.reporting, body.reported, now_s):
            found: Subscription[AnalyticsSubscription] = Subscription(
                self.subscriptions.new_id(), af_id, Api.ANALYTICS, body, now_s
            )
        else:
            due = next_look(request.reporting, body.reported, now_s)
            found = self.subscriptions.add(af_id, Api.ANALYTICS, body, due, contents)
        return found, answers if told else ()

    def replace(
        self, af_id: str, subscription_id: str, request: AnalyticsRequest
    ) -> tuple[Subscription[AnalyticsSubscription], tuple[Answer, ...]]:
        """Begin anew with another request; raises as `subscribe` does, and NotFound."""
        now_s = self.clock.now_s()
        self.subscriptions.read(af_id, Api.ANALYTICS, subscription_id)
        body, answers = self._begun(request, now_s)
        due = next_look(request.reporting, body.reported, now_s)
        found = self.subscriptions.change(
            af_id, Api.ANALYTICS, subscription_id, lambda _: (body, due)
        )
        return found, answers if request.reporting.immediate else ()

    def read(self, af_id: str, subscription_id: str) -> Subscription[AnalyticsSubscription]:
        """One subscription of this AF; raises NotFound."""
        return self.subscriptions.read(af_id, Api.ANALYTICS, subscription_id)

    def of_af(self, af_id: str) -> Sequence[Subscription[AnalyticsSubscription]]:
        """The subscriptions of this AF, oldest first."""
        return self.subscriptions.of_af(af_id, Api.ANALYTICS)

    def delete(self, af_id: str, subscription_id: str) -> None:
        """End a subscription for its AF; raises NotFound."""
        self.subscriptions.remove(af_id, Api.ANALYTICS, subscription_id)

    def _begun(
        self, request: AnalyticsRequest, now_s: float
    ) -> tuple[AnalyticsSubscription, tuple[Answer, ...]]:
        self.callbacks.check(request.destination, "/notifUri")
        reporting = request.reporting
        if reporting.until_s is not None and reporting.until_s <= now_s:
            raise InvalidRequest(InvalidParam("/analyRepInfo/monDur", "it is over already"))
        for question in request.questions:
            self.analyst.check(question)
        state = _asked(self.analyst, request, now_s)
        unsupported = (Failed(name, Failure.OTHER) for name in request.unsupported)
        failed = (*unsupported, *state.failed.values())
        if not state.answers:
            raise InvalidRequest(*(_refused(one) for one in failed))
        reported = state.begun(now_s)
        if reporting.immediate:
            reported = reported.told(now_s, reporting)
        return AnalyticsSubscription(request, reported, failed), tuple(state.answers.values())


@dataclass(frozen=True)
class AnalyticsWatch:
    """Looks at subscriptions to analytics."""

    analyst: Analyst

    def destination(self, subscription: Subscription[AnalyticsSubscription]) -> str:
        """Where its notifications go."""
        request = subscription.body.request
        return destination_of(request.destination, websocket=request.websocket)

    def weight(self, body: AnalyticsSubscription) -> int:
        """Each question is looked at by itself."""
        return len(body.request.questions)

    def look(self, subscription: Subscription[AnalyticsSubscription], now_s: float) -> Look:
        """Report what is due by time, or what has crossed a threshold or changed.

        That there is no answer any more is told once.
        """
        body = subscription.body
        request, reported = body.request, body.reported
        if is_over(request.reporting, reported, now_s):
            return Look(body, NEVER, over=True)
        state = _asked(self.analyst, request, now_s)
        now = is_due(request.reporting, reported, now_s)
        news = {
            question: answer
            for question, answer in state.answers.items()
            if now or _is_news(request.reporting, question, answer, reported, now_s)
        }
        failed = {
            question: one
            for question, one in state.failed.items()
            if now or _is_changed(request.reporting, question, one.failure.value, reported, now_s)
        }
        contents: tuple[Content, ...] = ()
        reported = state.seen(reported, {**news, **failed})
        if news or failed:
            told = tuple(news.values()), tuple(failed.values())
            contents = (AnalyticsEvents(request.notification_id, *told),)
            reported = reported.told(now_s, request.reporting)
        over = is_over(request.reporting, reported, now_s)
        due = NEVER if over else next_look(request.reporting, reported, now_s)
        return Look(replace(body, reported=reported), due, contents, over)


@dataclass(frozen=True)
class _Asked:
    """The answers to all questions of a request, and those that have none."""

    answers: Mapping[Question, Answer]
    failed: Mapping[Question, Failed]

    def begun(self, now_s: float) -> Reported:
        """What is known of it at first, which the answer to the request tells."""
        return self.seen(Reported(last_s=now_s), {**self.answers, **self.failed})

    def seen(self, reported: Reported, told: Mapping[Question, Answer | Failed]) -> Reported:
        """What is known of it from now on; a change that was not told is still one."""
        sides = {
            name: above
            for question, answer in self.answers.items()
            for name, above in _sides(question, answer).items()
        }
        answered = {question.pointer for question in self.answers}
        # Who has an answer again may lose it again.
        kept = {
            pointer: one
            for pointer, one in reported.marks.items()
            if not (pointer in answered and one in set(Failure))
        }
        marks = {
            question.pointer: one.failure.value if isinstance(one, Failed) else mark(one)
            for question, one in told.items()
        }
        return replace(reported, sides={**reported.sides, **sides}, marks={**kept, **marks})


def _asked(analyst: Analyst, request: AnalyticsRequest, now_s: float) -> _Asked:
    answers, failed = {}, {}
    for question in request.questions:
        try:
            found, why = analyst.answer(question, now_s), Failure.UNAVAILABLE_DATA
        except TooLate:
            found, why = None, Failure.UNSATISFIED_REQUESTED_ANALYTICS_TIME
        except MixedWindow:
            found, why = None, Failure.BOTH_STAT_PRED_NOT_ALLOWED
        except (UeNotFound, InvalidRequest):
            # It was there when the subscription was made: the scenario is another one now.
            found, why = None, Failure.UNAVAILABLE_DATA
        if found is None:
            failed[question] = Failed(question.event.value, why)
        else:
            answers[question] = found
    return _Asked(answers, failed)


def _is_news(
    reporting: Reporting, question: Question, answer: Answer, reported: Reported, now_s: float
) -> bool:
    if question.thresholds and reporting.method is Method.ON_EVENT_DETECTION:
        return bool(crossed(reported.sides, _sides(question, answer), question.direction))
    return _is_changed(reporting, question, mark(answer), reported, now_s)


def _is_changed(
    reporting: Reporting, question: Question, now: str, reported: Reported, now_s: float
) -> bool:
    if reporting.method is not Method.ON_EVENT_DETECTION:
        return False
    changed = reported.marks.get(question.pointer) != now
    return changed and may_tell(reported, CHANGES_APART_S, now_s)


def _sides(question: Question, answer: Answer) -> dict[str, bool]:
    return {
        f"{question.pointer}/{threshold.name}": answer.readings[threshold.reading]
        >= threshold.value
        for threshold in question.thresholds
        if threshold.reading in answer.readings
    }


def _refused(failed: Failed) -> InvalidParam:
    return InvalidParam("/analyEventsSubs", f"{failed.event}: {failed.failure.value}")
