"""What a model server and the NEF agree on for one device, without sockets, threads and clocks.

Give it what the NEF answers (`answered`), what it notifies (`notified`) and the time (`due`); carry
out the commands and decisions which these return. It has at most one command under way that changes
the session; what the network can do, now and next, is asked for all the while.
"""

from collections.abc import Mapping, Sequence

from af_client.delivery.tunnel import Endpoint
from af_client.messages import Notification, Session, UserPlaneEvent
from af_client.modelserver.ahead import PLANNED, Ahead
from af_client.modelserver.choosing import Chooser
from af_client.modelserver.flows import acceptable_bps, media_flows, session_request
from af_client.modelserver.holding import Holding
from af_client.modelserver.policy import Backoff, Policy
from af_client.modelserver.selection import Choice, Rung, Variant, after_refusal
from af_client.modelserver.stage import Stage
from af_client.modelserver.steps import (
    Accepted,
    Answer,
    CheckSession,
    Command,
    CreateSession,
    Decision,
    Declined,
    DeleteSession,
    FetchOutlook,
    Gone,
    ModifySession,
    Reported,
    Step,
)
from af_client.modelserver.verdict import Verdict
from af_client.plans import PlanWarning

_BANDWIDTH = "bandwidth"


class Negotiation:
    """The session of one device, and what is planned for it where it is always on.

    Raises ValueError where two variants have the same name.
    """

    def __init__(
        self,
        server: Endpoint,
        device: Endpoint,
        gpsi: str,
        variants: Sequence[Variant],
        policy: Policy,
        *,
        always_on: bool = False,
    ) -> None:
        self.session: Session | None = None
        self.stage = Stage.SELECTING
        self.reported_bps: int | None = None
        self.predicted_s: Mapping[str, float] = {}
        self._ends = (server, device)
        self._gpsi, self._policy, self._chooser = gpsi, policy, Chooser(variants, policy)
        self._asked = Choice(None, (), "the bandwidth is not known yet")
        self._verdict = Verdict(policy, Holding(self._asked))
        self._early: list[Notification] = []
        self._polling = False
        self._poll_at_s = float("-inf")
        self._retry_at_s: float | None = None
        self._allocated_by_s = 0.0
        self._failures, self._refusals = Backoff(policy), Backoff(policy, doublings=1)
        self._promises = 0
        self._raise_at_s = float("-inf")
        self._cause = _BANDWIDTH
        plans = always_on and policy.plan_within_s > 0
        self._ahead = Ahead(gpsi, variants, policy) if plans else None

    # --- what holds ---

    @property
    def holding(self) -> Holding:
        """What the network carries of what was asked for."""
        return self._verdict.holding

    @property
    def rung(self) -> Rung | None:
        """The variant that is right, None for none."""
        return self._verdict.rung

    @property
    def own_bps(self) -> int:
        """What the session itself takes of the network."""
        return self.holding.rates.topology_bps + self.holding.rates.weights_bps

    # --- time ---

    def due(self, now_s: float) -> list[Step]:
        """Return what the time asks for."""
        steps: list[Step] = []
        if self._retry_at_s is not None and now_s >= self._retry_at_s:
            self._retry_at_s = None
            steps.append(self._change())
        if self.stage is Stage.ALLOCATING and now_s >= self._allocated_by_s:
            waited = f"no word of the allocation came for {self._policy.allocation_s:g} s"
            steps += self._given_up(now_s, waited)
        if not self._polling and now_s >= self._poll_at_s:
            self._polling = True
            steps.append(self._question())
        if self.stage is Stage.SERVING:
            steps += self._verdict.due(now_s)
        return [*steps, *self._look_ahead(now_s)]

    @property
    def wake_s(self) -> float:
        """When `due` has something next, if nothing comes before."""
        times = [] if self._polling else [self._poll_at_s]
        if self._retry_at_s is not None:
            times.append(self._retry_at_s)
        if self.stage is Stage.ALLOCATING:
            times.append(self._allocated_by_s)
        if self.stage is Stage.SERVING:
            times.append(self._verdict.wake_s)
        if self._ahead is not None and self._is_free:
            times.append(self._ahead.wake_s)
        return min(times, default=float("inf"))

    def stop(self) -> list[Step]:
        """Let the session and the plan go."""
        planned = [] if self._ahead is None else self._ahead.stop()
        return [*planned, *self._let_go()]

    def _let_go(self) -> list[Step]:
        session, self.session = self.session, None
        return [] if session is None else [DeleteSession(session)]

    @property
    def _is_free(self) -> bool:
        """Whether something else could be asked for, and it is known what there is now."""
        selected = self.stage is Stage.SELECTING and not self._polling
        return selected or self.stage is Stage.SERVING

    def _look_ahead(self, now_s: float) -> list[Step]:
        """Plan for a better variant than the ladder has, and ask for it when its time comes."""
        if self._ahead is None or not self._is_free:
            return []
        steps = self._ahead.due(now_s, self.holding.choice)
        choice, news = self._ahead.begin(now_s)
        asked = [] if choice is None else self._ask(choice, PLANNED)
        return [*steps, *news, *asked]

    # --- what the NEF answers ---

    def bandwidth(self, answer: Answer, now_s: float) -> list[Step]:
        """Take the answer to FetchOutlook."""
        self._polling = False
        if not isinstance(answer, Reported):
            self._poll_at_s = now_s + self._failures.next_s()
            return []
        was_away = self._failures.failures > 0
        self._failures.reset()
        self._poll_at_s = now_s + self._policy.poll_s
        self.reported_bps = answer.bandwidth_bps
        if self.stage is Stage.SELECTING:
            return self._select(answer, now_s)
        if self.stage is not Stage.SERVING or self.session is None:
            return []
        if was_away:
            return [CheckSession(self.session.id)]
        steps = self._verdict.foresee(answer, now_s)
        return [*steps, *self._consider(answer.bandwidth_bps, now_s)]

    def answered(self, answer: Answer, now_s: float) -> list[Step]:
        """Take the answer to CreateSession, ModifySession or CheckSession."""
        if isinstance(answer, Gone) and self.session is not None:
            self.session = None
            return self._start_again(now_s, "failure", answer.text)
        if self.stage is not Stage.ASKING:
            return []
        if isinstance(answer, Accepted):
            return self._accepted(answer.session, now_s)
        if isinstance(answer, Declined):
            return self._declined(answer, now_s)
        # Whether it was carried out is unknown; asking for the same again settles it.
        self._retry_at_s = now_s + self._failures.next_s()
        return []

    def _question(self) -> FetchOutlook:
        if self.stage is Stage.SERVING and self.holding.rung is not None:
            rates = self._verdict.foresight.question(self.holding)
            return FetchOutlook(self._gpsi, (), rates, self._policy.lookahead_s)
        return FetchOutlook(self._gpsi, self._chooser.volumes if self.session is None else ())

    def _select(self, answer: Reported, now_s: float) -> list[Step]:
        if now_s < self._raise_at_s:
            return []
        choice = self._chooser.by_forecast(answer)
        self.predicted_s = self._chooser.predicted_s(answer) or {}
        if choice.rung is None:
            news = choice.reason != self.holding.reason
            self._verdict.holding = Holding(choice)
            return [Decision(None, _BANDWIDTH, choice.reason)] if news else []
        return self._ask(choice)

    def _consider(self, bandwidth_bps: int, now_s: float) -> list[Step]:
        """Look for a variant above the ladder, which no notification would bring."""
        choice = self._chooser.by_bandwidth(bandwidth_bps + self.own_bps)
        if not choice.is_better_than(self.holding.choice):
            self._promises = 0
            return []
        self._promises += 1
        if self._promises < self._policy.raise_after_reports or now_s < self._raise_at_s:
            return []
        return self._ask(choice)

    def _ask(self, choice: Choice, cause: str = _BANDWIDTH) -> list[Step]:
        self._asked, self.stage, self._promises = choice, Stage.ASKING, 0
        self._cause = cause
        return [self._change()]

    def _change(self) -> Command:
        asked = self._asked
        what = (*self._ends, asked.ladder, self._policy.marking, self._policy.weights_per)
        if self.session is None:
            return CreateSession(session_request(*what), asked)
        return ModifySession(self.session.id, media_flows(*what), asked)

    def _accepted(self, session: Session, now_s: float) -> list[Step]:
        self.session, self.stage = session, Stage.ALLOCATING
        self._failures.reset()
        self._refusals.reset()
        self._allocated_by_s = now_s + self._policy.allocation_s
        self._verdict.holding = Holding(self._asked)
        return self._caught_up(now_s)

    def _declined(self, answer: Declined, now_s: float) -> list[Step]:
        self._asked = after_refusal(
            self._asked, acceptable_bps(answer.acceptable_bps, self._asked.ladder)
        )
        keeps = self.session is not None
        if self._asked.ladder and (not keeps or self._asked.is_better_than(self.holding.choice)):
            return [self._change()]
        self._raise_at_s = now_s + self._refusals.next_s()
        if keeps:
            self.stage = Stage.SERVING
            return self._caught_up(now_s)
        self.stage, self._verdict.holding = Stage.SELECTING, Holding(self._asked)
        return [Decision(None, "refusal", self._asked.reason)]

    def _given_up(self, now_s: float, why: str) -> list[Step]:
        return [*self._let_go(), *self._start_again(now_s, "failure", why)]

    def _start_again(self, now_s: float, cause: str, why: str) -> list[Step]:
        self.stage, self._verdict.holding = Stage.SELECTING, Holding(Choice(None, (), why))
        self._retry_at_s, self._early = None, []
        self._verdict.foresight.forget()
        self._poll_at_s = now_s
        return [Decision(None, cause, why)]

    def planned(self, answer: Answer, now_s: float) -> list[Step]:
        """Take the answer to PlanTransfer or ChooseWindow."""
        return [] if self._ahead is None else self._ahead.answered(answer, now_s)

    # --- what the NEF notifies ---

    def warned(self, warning: PlanWarning) -> list[Step]:
        """Take a warning about a plan, of this device or of another one."""
        return [] if self._ahead is None else self._ahead.warned(warning)

    def notified(self, notification: Notification, now_s: float) -> list[Step]:
        """Take a notification of the session."""
        if self.stage is Stage.ASKING:
            # It may be about the old ladder or already about the new one: the answer tells.
            self._early.append(notification)
            return []
        if self.stage is Stage.SELECTING or self.session is None:
            return []
        verdict = self._verdict
        before, carried = verdict.rung, verdict.carried
        # What was foreseen has come, or not.
        verdict.foresight.forget()
        for report in notification.reports:
            if report.event == UserPlaneEvent.SESSION_TERMINATION:
                self.session = None
                return self._start_again(now_s, "notification", "the network ended the session")
            if report.event == UserPlaneEvent.RELEASE_OF_BEARER:
                # For good: the session would never carry a model again.
                return self._given_up(now_s, "the network released a bearer of the session")
            self.holding.take(report)
        first = self.stage is Stage.ALLOCATING and self.holding.settled
        # Also where what is right stays, a transfer that was let go on must hear of it.
        if not first and carried == verdict.carried:
            return []
        if first:
            self.stage = Stage.SERVING
        # The first word about a ladder is the outcome of what led to it.
        return verdict.notified(before, self._cause if first else "notification", now_s)

    def _caught_up(self, now_s: float) -> list[Step]:
        early, self._early = self._early, []
        return [step for each in early for step in self.notified(each, now_s)]
