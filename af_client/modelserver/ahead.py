"""What is planned for a device that is always on: a better model, when there is room for it.

A plan reserves nothing; when its window begins, the session is changed as at any other time, and
may be refused. Without sockets, threads and clocks, as the negotiation which it belongs to.
"""

from collections.abc import Sequence
from enum import Enum, auto

from af_client.modelserver.flows import transfer_qos
from af_client.modelserver.policy import Backoff, Policy
from af_client.modelserver.selection import Choice, Variant, ladders
from af_client.modelserver.steps import (
    Answer,
    ChooseWindow,
    Declined,
    DropPlan,
    Failed,
    Gone,
    Planned,
    PlanNews,
    PlanTransfer,
    Step,
)
from af_client.plans import Plan, PlanWarning

#: The cause of a decision that a plan led to.
PLANNED = "plan"

#: How many warnings may come before the answer that names their plan.
_EARLY_LIMIT = 16


class _Stage(Enum):
    """How far the plan is."""

    NONE = auto()
    ASKING = auto()
    WAITING = auto()
    BEGUN = auto()


class Ahead:
    """The only plan of one device, for the best variant that the network can foresee."""

    def __init__(self, gpsi: str, variants: Sequence[Variant], policy: Policy) -> None:
        self._gpsi, self._policy = gpsi, policy
        self._wishes = ladders(variants, policy.budget_s, policy.margin_s)
        self._stage = _Stage.NONE
        self._plan: Plan | None = None
        self._wish: Choice | None = None
        self._from_s = self._until_s = float("inf")
        self._refused: set[str] = set()
        self._early: list[PlanWarning] = []
        self._ask_at_s = self._begin_at_s = float("-inf")
        self._backoff = Backoff(policy)

    # --- time ---

    def due(self, now_s: float, asked: Choice) -> list[Step]:
        """Return what the time asks for, where the session asks the network for a ladder."""
        better = [wish for wish in self._wishes if wish.is_better_than(asked)]
        if self._stage is _Stage.NONE:
            return self._wished(better, now_s) if now_s >= self._ask_at_s else []
        if self._plan is None or self._stage is _Stage.ASKING:
            return []
        if self._wish not in better:
            return self._end(f"the session has {_name(asked)} now", now_s)
        if now_s >= self._until_s:
            return self._end("the window has passed", now_s + self._policy.replan_s)
        return []

    def begin(self, now_s: float) -> tuple[Choice | None, list[Step]]:
        """Return what to ask the network for, where the window has begun, and the news of it.

        Again after a while, for as long as the window lasts, while it is refused.
        """
        if self._stage is _Stage.WAITING and now_s >= self._from_s:
            self._stage = _Stage.BEGUN
            self._backoff.reset()
            news: list[Step] = [self._news("begun", "the window has begun")]
        elif self._stage is _Stage.BEGUN and now_s >= self._begin_at_s:
            news = []
        else:
            return None, []
        self._begin_at_s = now_s + self._backoff.next_s()
        return self._wish, news

    @property
    def wake_s(self) -> float:
        """When something is next; a plan that is still to be asked for wakes nobody."""
        if self._stage is _Stage.WAITING:
            return self._from_s
        if self._stage is _Stage.BEGUN:
            return min(self._begin_at_s, self._until_s)
        return float("inf")

    def stop(self) -> list[Step]:
        """Let the plan go."""
        return [] if self._plan is None else self._end("it is not wanted any more", float("inf"))

    # --- what the NEF says ---

    def answered(self, answer: Answer, now_s: float) -> list[Step]:
        """Take the answer to PlanTransfer or ChooseWindow."""
        if isinstance(answer, Planned):
            # What nobody waits for was asked for before the device came back.
            asked = self._stage is _Stage.ASKING
            return self._planned(answer) if asked else [DropPlan(answer.plan)]
        if self._stage is not _Stage.ASKING:
            return []
        text = answer.text if isinstance(answer, Declined | Failed | Gone) else "no plan came"
        if self._plan is not None:
            return self._end(text, now_s + self._policy.replan_s)
        self._stage = _Stage.NONE
        news = self._news("refused", text)
        if isinstance(answer, Declined):
            # A smaller one may fit, if there is one that is still worth it.
            self._refused.add(_name(self._wish))
        else:
            # A NEF without such an API has it no later either.
            again_s = float("inf") if isinstance(answer, Gone) else self._policy.replan_s
            self._ask_at_s = now_s + again_s
        return [news]

    def warned(self, warning: PlanWarning) -> list[Step]:
        """Choose what is offered instead, where what was chosen is not among it."""
        if self._stage is _Stage.ASKING:
            self._early = [*self._early, warning][-_EARLY_LIMIT:]
        plan = self._plan
        if plan is None or self._stage is _Stage.ASKING or not warning.is_about(plan):
            return []
        if plan.chosen in warning.candidates:
            return []
        news = self._news("warned", "the network can no longer keep this window")
        self._stage = _Stage.ASKING
        return [news, ChooseWindow(plan, warning.candidates[0])]

    def _wished(self, better: Sequence[Choice], now_s: float) -> list[Step]:
        left = [wish for wish in better if _name(wish) not in self._refused]
        if not left:
            self._ask_at_s = now_s + self._policy.replan_s if self._refused else self._ask_at_s
            self._refused.clear()
            return []
        self._stage, self._wish, self._early = _Stage.ASKING, left[0], []
        qos = transfer_qos(left[0].ladder, self._policy.weights_per)
        return [PlanTransfer(self._gpsi, qos, self._policy.plan_within_s)]

    def _planned(self, answer: Planned) -> list[Step]:
        self._plan, self._stage = answer.plan, _Stage.WAITING
        self._from_s, self._until_s = answer.from_s, answer.until_s
        self._refused.clear()
        early, self._early = self._early, []
        steps: list[Step] = [self._news("planned", "the network has room in this window")]
        about = [warning for warning in early if warning.is_about(answer.plan)]
        return [*steps, *(self.warned(about[-1]) if about else [])]

    def _end(self, reason: str, ask_at_s: float) -> list[Step]:
        plan, news = self._plan, self._news("over", reason)
        self._plan, self._stage, self._ask_at_s = None, _Stage.NONE, ask_at_s
        self._refused.clear()
        return [news] if plan is None else [news, DropPlan(plan)]

    def _news(self, state: str, reason: str) -> PlanNews:
        chosen = self._plan.chosen if self._plan else None
        return PlanNews(_name(self._wish), state, chosen.window if chosen else None, reason)


def _name(choice: Choice | None) -> str:
    return choice.ladder[0].variant.name if choice and choice.ladder else "nothing"
