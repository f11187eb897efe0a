"""What a model server and the NEF agree on for one device, without sockets, threads and clocks.

Give it what the NEF answers (`answered`), what it notifies (`notified`) and the time (`due`); carry
out the commands and decisions which these return. It has at most one command under way that changes
the session; what the network can do, now and next, is asked for all the while.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from af_client.delivery.tunnel import Endpoint
from af_client.messages import Notification, Session, UserPlaneEvent
from af_client.modelserver.flows import (
    TOPOLOGY_COMPONENT,
    WEIGHTS_COMPONENT,
    media_flows,
    session_request,
    topology_rate_bps,
)
from af_client.modelserver.holding import Holding
from af_client.modelserver.selection import (
    Choice,
    Framing,
    Rung,
    Variant,
    after_refusal,
    select,
)
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

#: The cause of a decision that a forecast led to.
FORESEEN = "outlook"


class Stage(Enum):
    """How far the session is."""

    SELECTING = auto()
    ASKING = auto()
    ALLOCATING = auto()
    SERVING = auto()


@dataclass(frozen=True, slots=True)
class Policy:
    """How a model server behaves: `budget_s` for a download, and its patience.

    `margin_s` of the budget is not for sending: a device that has other things to do takes its
    time to load a model.
    """

    budget_s: float = 1.0
    margin_s: float = 0.2
    poll_s: float = 0.5
    #: How long the notification of an allocation may take before the session is made anew.
    allocation_s: float = 5.0
    #: How far ahead the network is asked whether it keeps what it grants: about a download.
    lookahead_s: int = 1
    #: A forecast that is less sure than this, in per cent, is not acted upon.
    least_confidence: int = 50
    #: How many reports in a row must promise a better model before it is asked for.
    raise_after_reports: int = 2
    backoff_s: float = 0.5
    longest_backoff_s: float = 8.0


class Negotiation:
    """The session of one device. Raises ValueError where two variants have the same name."""

    def __init__(
        self,
        server: Endpoint,
        device: Endpoint,
        gpsi: str,
        variants: Sequence[Variant],
        policy: Policy,
    ) -> None:
        self.session: Session | None = None
        self.stage = Stage.SELECTING
        self.reported_bps: int | None = None
        self._ends = (server, device)
        self._gpsi, self._variants, self._policy = gpsi, tuple(variants), policy
        self._asked = Choice(None, (), "the bandwidth is not known yet")
        self.holding = Holding(self._asked)
        self._early: list[Notification] = []
        self._polling = False
        self._poll_at_s = float("-inf")
        self._retry_at_s: float | None = None
        self._allocated_by_s = 0.0
        self._failures = self._refusals = self._promises = 0
        self._raise_at_s = float("-inf")
        self._lasting_bps: int | None = None
        volumes = ((Framing().wire_bytes(variant), variant.name) for variant in self._variants)
        self._names = dict(volumes)

    # --- what holds ---

    @property
    def rung(self) -> Rung | None:
        """The variant that the network carries in time now and will, None for none.

        Where nothing that was asked for will last, it is the smallest.
        """
        held = self.holding.rung
        if held is None or self._lasting_bps is None:
            return held
        smaller = self._from(held)
        lasting = (rung for rung in smaller if self._need_bps(rung) <= self._lasting_bps)
        return next(lasting, smaller[-1])

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
        return steps

    @property
    def wake_s(self) -> float:
        """When `due` has something next, if nothing comes before."""
        times = [] if self._polling else [self._poll_at_s]
        if self._retry_at_s is not None:
            times.append(self._retry_at_s)
        if self.stage is Stage.ALLOCATING:
            times.append(self._allocated_by_s)
        return min(times, default=float("inf"))

    def stop(self) -> list[Step]:
        """Let the session go."""
        session, self.session = self.session, None
        return [] if session is None else [DeleteSession(session)]

    # --- what the NEF answers ---

    def bandwidth(self, answer: Answer, now_s: float) -> list[Step]:
        """Take the answer to FetchOutlook."""
        self._polling = False
        if not isinstance(answer, Reported):
            self._poll_at_s = now_s + self._backoff_s()
            return []
        was_away, self._failures = self._failures > 0, 0
        self._poll_at_s = now_s + self._policy.poll_s
        self.reported_bps = answer.bandwidth_bps
        if self.stage is Stage.SELECTING:
            return self._select(answer, now_s)
        if self.stage is not Stage.SERVING or self.session is None:
            return []
        if was_away:
            return [CheckSession(self.session.id)]
        return [*self._foresee(answer), *self._consider(answer.bandwidth_bps, now_s)]

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
        self._retry_at_s = now_s + self._backoff_s()
        return []

    def _question(self) -> FetchOutlook:
        held = self.holding.rung
        if self.stage is Stage.SERVING and held is not None:
            rates = tuple(self._need_bps(rung) for rung in self._from(held))
            return FetchOutlook(self._gpsi, (), rates, self._policy.lookahead_s)
        return FetchOutlook(self._gpsi, tuple(self._names) if self.session is None else ())

    def _select(self, answer: Reported, now_s: float) -> list[Step]:
        if now_s < self._raise_at_s:
            return []
        sure = answer.confidence >= self._policy.least_confidence
        known = answer.seconds.items() if sure else ()
        predicted_s = {self._names[n]: seconds for n, seconds in known if n in self._names}
        choice = self._best(answer.bandwidth_bps, predicted_s)
        if choice.rung is None:
            news = choice.reason != self.holding.reason
            self.holding = Holding(choice)
            return [Decision(None, "bandwidth", choice.reason)] if news else []
        return self._ask(choice)

    def _foresee(self, answer: Reported) -> list[Step]:
        """Be ready with what will last, before the network takes the rest away."""
        before = self.rung
        sure = answer.confidence >= self._policy.least_confidence
        self._lasting_bps = answer.lasting_bps if sure else None
        rung, within_s = self.rung, self._policy.lookahead_s
        if rung == before or rung is None:
            return []
        if rung == self.holding.rung:
            return [Decision(rung, FORESEEN, f"the network keeps {rung.variant.name} again")]
        lost = self.holding.rung.variant.name if self.holding.rung else "it"
        why = f"the network will not keep {lost} for {within_s:g} s; {rung.variant.name} is next"
        return [Decision(rung, FORESEEN, why)]

    def _from(self, held: Rung) -> tuple[Rung, ...]:
        """The rungs of the ladder from the one that is held on down."""
        ladder = self.holding.choice.ladder
        return ladder[ladder.index(held) :]

    def _need_bps(self, rung: Rung) -> int:
        """What both flows take of the network at a rung."""
        return topology_rate_bps(self.holding.choice.ladder) + rung.weights_rate_bps

    def _consider(self, bandwidth_bps: int, now_s: float) -> list[Step]:
        """Look for a variant above the ladder, which no notification would bring."""
        choice = self._best(bandwidth_bps + self.own_bps)
        if choice.rung is None or not _is_better(choice, self.holding.choice):
            self._promises = 0
            return []
        self._promises += 1
        if self._promises < self._policy.raise_after_reports or now_s < self._raise_at_s:
            return []
        return self._ask(choice)

    def _best(self, bandwidth_bps: int, predicted_s: Mapping[str, float] | None = None) -> Choice:
        return select(
            self._variants,
            bandwidth_bps,
            self._policy.budget_s,
            margin_s=self._policy.margin_s,
            predicted_s=predicted_s,
        )

    def _ask(self, choice: Choice) -> list[Step]:
        self._asked, self.stage, self._promises = choice, Stage.ASKING, 0
        return [self._change()]

    def _change(self) -> Command:
        asked = self._asked
        if self.session is None:
            return CreateSession(session_request(*self._ends, asked.ladder), asked)
        return ModifySession(self.session.id, media_flows(*self._ends, asked.ladder), asked)

    def _accepted(self, session: Session, now_s: float) -> list[Step]:
        self.session, self.stage = session, Stage.ALLOCATING
        self._failures = self._refusals = 0
        self._allocated_by_s = now_s + self._policy.allocation_s
        self.holding = Holding(self._asked)
        return self._caught_up(now_s)

    def _declined(self, answer: Declined, now_s: float) -> list[Step]:
        self._asked = after_refusal(self._asked, _acceptable_bps(answer, self._asked))
        keeps = self.session is not None
        if self._asked.ladder and (not keeps or _is_better(self._asked, self.holding.choice)):
            return [self._change()]
        self._refusals += 1
        wait_s = self._policy.backoff_s * 2 ** min(self._refusals, 10)
        self._raise_at_s = now_s + min(wait_s, self._policy.longest_backoff_s)
        if keeps:
            self.stage = Stage.SERVING
            return self._caught_up(now_s)
        self.stage, self.holding = Stage.SELECTING, Holding(self._asked)
        return [Decision(None, "refusal", self._asked.reason)]

    def _given_up(self, now_s: float, why: str) -> list[Step]:
        return [*self.stop(), *self._start_again(now_s, "failure", why)]

    def _start_again(self, now_s: float, cause: str, why: str) -> list[Step]:
        self.stage, self.holding = Stage.SELECTING, Holding(Choice(None, (), why))
        self._retry_at_s, self._early, self._lasting_bps = None, [], None
        self._poll_at_s = now_s
        return [Decision(None, cause, why)]

    def _backoff_s(self) -> float:
        doublings, self._failures = min(self._failures, 10), self._failures + 1
        return float(min(self._policy.backoff_s * 2**doublings, self._policy.longest_backoff_s))

    # --- what the NEF notifies ---

    def notified(self, notification: Notification, now_s: float) -> list[Step]:
        """Take a notification of the session."""
        if self.stage is Stage.ASKING:
            # It may be about the old ladder or already about the new one: the answer tells.
            self._early.append(notification)
            return []
        if self.stage is Stage.SELECTING or self.session is None:
            return []
        # What was foreseen has come, or not; also a transfer that was let go on must hear of it.
        before, self._lasting_bps = (self.rung, self.holding.rung), None
        for report in notification.reports:
            if report.event == UserPlaneEvent.SESSION_TERMINATION:
                self.session = None
                return self._start_again(now_s, "notification", "the network ended the session")
            self.holding.take(report)
        first = self.stage is Stage.ALLOCATING and self.holding.settled
        if first:
            self.stage = Stage.SERVING
        if not first and before == (self.rung, self.holding.rung):
            return []
        # The first word about a ladder is the outcome of what the reported bandwidth led to.
        cause = "bandwidth" if first else "notification"
        return [Decision(self.rung, cause, self.holding.reason)]

    def _caught_up(self, now_s: float) -> list[Step]:
        early, self._early = self._early, []
        return [step for each in early for step in self.notified(each, now_s)]


def _is_better(choice: Choice, than: Choice) -> bool:
    """Whether the first rung of a ladder recognises more than that of another one."""
    if not than.ladder:
        return bool(choice.ladder)
    return choice.ladder[0].variant.accuracy > than.ladder[0].variant.accuracy


def _acceptable_bps(answer: Declined, asked: Choice) -> int | None:
    """What both flows together would be given: the topology no more than was asked for it."""
    offers = answer.acceptable_bps
    if not offers:
        return None
    if 0 in offers:
        return offers[0]
    topology_bps = min(offers.get(TOPOLOGY_COMPONENT, 0), topology_rate_bps(asked.ladder))
    return topology_bps + offers.get(WEIGHTS_COMPONENT, 0)
