"""Planned transfers: windows are foreseen and offered, one is chosen, and its AF is warned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from nef.domain.capacity import most_rate
from nef.domain.destinations import CallbackPolicy
from nef.domain.errors import InvalidParam, InvalidRequest, NoWindow
from nef.domain.notifications import Content, PlanWarning
from nef.domain.planned_qos import ladder_of, rate_of
from nef.domain.plans import (
    LOOKS_APART_S,
    SEARCHES_APART_S,
    Plan,
    PlanChanges,
    PlanRequest,
    Window,
    check_request,
    check_warnings,
    merged,
)
from nef.domain.qos import Catalogue
from nef.domain.subscriptions import NEVER, SOON, Api, Due, Subscription
from nef.ports.clock import Clock
from nef.ports.information import Information
from nef.ports.storage import Storage
from nef.services.subscriptions import Look, SubscriptionService
from nef.services.windows import LEAST_WINDOW_S, View

_Subscription = Subscription[Plan]


@dataclass(frozen=True)
class Planner:
    """Foresees when transfers could be carried, from the network that admits sessions."""

    information: Information
    storage: Storage

    def begun(self, plan: Plan, now_s: float) -> Plan:
        """The plan with its first candidates; raises InvalidRequest, and NoWindow without any."""
        if not self.information.cells(plan.request.area or None):
            raise InvalidRequest(
                InvalidParam("/locationArea5G", "no cell of this network is in this area")
            )
        offered = self.offered(plan, "", now_s)
        if offered is None:
            raise NoWindow(self._why_none(plan, now_s))
        return offered

    def offered(self, plan: Plan, af_id: str, now_s: float) -> Plan | None:
        """The plan with the candidates of now, for the best rung that fits at any time.

        None where none does.
        """
        desired = merged(plan.request.windows, now_s)
        view = self._view(plan, af_id, now_s)
        for rung in range(len(plan.ladder)):
            here = replace(view, plan=replace(plan, rung=rung))
            windows = list(here.best(desired))
            if windows:
                return plan.offering(windows, rung, now_s)
        return None

    def holds(self, plan: Plan, windows: Sequence[Window], af_id: str, now_s: float) -> bool:
        """Whether the plan could be carried in all that is left of these windows."""
        view = self._view(plan, af_id, now_s)
        return all(view.fits(window.after(now_s)) for window in windows)

    def _view(self, plan: Plan, af_id: str, now_s: float) -> "View":
        return View(self.information, plan, self._own_sessions(plan, af_id), now_s)

    def _own_sessions(self, plan: Plan, af_id: str) -> frozenset[str]:
        """What the AF has begun in the window that it chose: what is planned, and not beside it."""
        if plan.begun_s is None:
            return frozenset()
        with self.storage.reading() as work:
            sessions = work.sessions.of_af(af_id)
        return frozenset(one.id for one in sessions if one.created_at_s >= plan.begun_s)

    def _why_none(self, plan: Plan, now_s: float) -> str:
        """What a person needs to know who was offered nothing."""
        view = self._view(plan, "", now_s)
        courses = [view.course(window) for window in merged(plan.request.windows, now_s)]
        if not any(standing.attached for course in courses for standing in course.moments):
            return "no UE is attached in this area, so nobody knows what a transfer would need"
        ues, rate = plan.request.ues, rate_of(plan.ladder[0])
        most = most_rate(courses, ues, LEAST_WINDOW_S)
        others = "or any of its alternatives " if plan.ladder[1:] else ""
        offer = f"at most {most[0]}, from {_moment(most[1])} on" if most else "no rate at all"
        return (
            f"at no time that would do, for {LEAST_WINDOW_S:.0f} s at least, could the cells carry "
            f"{rate} {others}for each of {ues} UEs at once; they could carry {offer}"
        )


@dataclass(frozen=True)
class PlanService:
    """The plans of AFs; those that wait or run are looked at by the ticker."""

    planner: Planner
    clock: Clock
    catalogue: Catalogue
    subscriptions: SubscriptionService
    callbacks: CallbackPolicy

    def create(self, af_id: str, request: PlanRequest) -> _Subscription:
        """Offer windows; raises InvalidRequest, and NoWindow where there is none."""
        now_s = self.clock.now_s()
        self._check_destination(request)
        check_request(request, now_s)
        # What is offered by name is known here; the planner may be in another process.
        plan = self.planner.begun(Plan(request, ladder_of(request, self.catalogue)), now_s)
        return self.subscriptions.add(af_id, Api.TRANSFERS, plan, _due(plan, now_s))

    def modify(self, af_id: str, plan_id: str, changes: PlanChanges) -> _Subscription:
        """Choose a window, or change whether and where the AF is warned.

        Raises NotFound, InvalidRequest, and NoWindow where the chosen window has ceased to fit; who
        chooses again what it has chosen asks whether that still fits.
        """

        def revised(plan: Plan) -> tuple[Plan, Due]:
            # Looked at again at the next tick, whatever has changed.
            return self._changed(plan, af_id, changes), SOON

        return self.subscriptions.change(af_id, Api.TRANSFERS, plan_id, revised)

    def read(self, af_id: str, plan_id: str) -> _Subscription:
        """One plan of this AF; raises NotFound."""
        return self.subscriptions.read(af_id, Api.TRANSFERS, plan_id)

    def of_af(self, af_id: str) -> Sequence[_Subscription]:
        """The plans of this AF, oldest first."""
        return self.subscriptions.of_af(af_id, Api.TRANSFERS)

    def delete(self, af_id: str, plan_id: str) -> None:
        """Give a plan up for its AF; raises NotFound."""
        self.subscriptions.remove(af_id, Api.TRANSFERS, plan_id)

    def _changed(self, plan: Plan, af_id: str, changes: PlanChanges) -> Plan:
        request = plan.request
        if changes.destination is not None:
            request = replace(request, destination=changes.destination)
        if changes.warned is not None:
            request = replace(request, warned=changes.warned)
        check_warnings(request)
        self._check_destination(request)
        plan = replace(plan, request=request)
        if changes.selected is None:
            return plan
        again = changes.selected == plan.selected
        chosen = plan if again else plan.choosing(changes.selected, self.clock.now_s())
        self._check_choice(chosen, af_id)
        return chosen

    def _check_destination(self, request: PlanRequest) -> None:
        if request.destination is not None:
            self.callbacks.check(request.destination)

    def _check_choice(self, plan: Plan, af_id: str) -> None:
        now_s, candidates = self.clock.now_s(), plan.relied_on
        for window in (one.window for one in candidates):
            if window.until_s <= now_s or not self.planner.holds(plan, [window], af_id, now_s):
                raise NoWindow("this window is over, or can no longer be kept; read the plan again")


@dataclass(frozen=True)
class PlanWatch:
    """Looks at plans."""

    planner: Planner

    def destination(self, subscription: _Subscription) -> str:
        """Where its warnings go; nowhere where none are wanted."""
        return subscription.body.request.destination or ""

    def weight(self, body: object) -> int:  # noqa: ARG002 - each is as much work as another
        """One look."""
        return 1

    def look(self, subscription: _Subscription, now_s: float) -> Look:
        """Offer other windows where what the AF relies on can no longer be kept.

        Who has chosen, and does not want to be warned, keeps what it has chosen. Where there is
        nothing else to offer, nothing is said (TS 23.503: the plan is kept as it is).
        """
        if subscription.body.ends_s <= now_s:
            return Look(subscription.body, NEVER, over=True)
        plan = subscription.body.at(now_s)
        contents: tuple[Content, ...] = ()
        if plan.request.warned or not plan.chosen:
            after = self._followed(plan, subscription.af_id, now_s)
            if plan.request.warned and set(after.relied_on) != set(plan.relied_on):
                contents = (PlanWarning(after.candidates),)
            plan = after
        return Look(plan, _due(plan, now_s), contents)

    def _followed(self, plan: Plan, af_id: str, now_s: float) -> Plan:
        """The plan with other candidates where it cannot be kept, and there are any."""
        if self._is_kept(plan, af_id, now_s):
            return replace(plan, sought_s=None)
        if plan.sought_s is not None and now_s < plan.sought_s + SEARCHES_APART_S:
            return plan
        return self.planner.offered(plan, af_id, now_s) or replace(plan, sought_s=now_s)

    def _is_kept(self, plan: Plan, af_id: str, now_s: float) -> bool:
        windows = [one.window for one in plan.relied_on]
        return bool(windows) and self.planner.holds(plan, windows, af_id, now_s)


def _moment(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="seconds")


def _due(plan: Plan, now_s: float) -> Due:
    return Due(min(now_s + LOOKS_APART_S, plan.ends_s))
