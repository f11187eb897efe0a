"""The thread that talks to the NEF, so that an answer that takes its time holds up no packet."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import fields, replace

from af_client.answers import Cell
from af_client.client import NefClient
from af_client.errors import InvalidReply, NefError, NotFound, Refused
from af_client.inbox import Inbox
from af_client.messages import Session, SessionRequest
from af_client.modelserver.steps import (
    Accepted,
    Answer,
    CheckSession,
    ChooseWindow,
    Command,
    CreateSession,
    Declined,
    DeleteSession,
    DropPlan,
    Failed,
    FetchOutlook,
    Gone,
    ModifySession,
    PlanCommand,
    Planned,
    PlanTransfer,
    Reported,
)
from af_client.plans import Plan, PlanRequest, Window
from af_client.targets import UeAnalytics
from af_client.warned import Warnings

_log = logging.getLogger(__name__)

#: Takes whose command it was, the command, and what came of it.
Answered = Callable[[Hashable, Command, Answer], None]


class NefWorker:
    """Carries out commands one after the other and passes the answers on, in its own thread."""

    def __init__(
        self, nef: NefClient, inbox: Inbox, warnings: Warnings, answered: Answered
    ) -> None:
        self._nef, self._inbox, self._warnings = nef, inbox, warnings
        self._answered = answered
        self._commands: queue.SimpleQueue[tuple[Hashable, Command] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="nef", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, whose: Hashable, command: Command) -> None:
        """Have a command carried out."""
        self._commands.put((whose, command))

    def finish(self, timeout_s: float) -> bool:
        """Carry out what waits and end; False where that takes longer than the given time."""
        self._commands.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (item := self._commands.get()) is not None:
            self.carry_out(*item)

    def carry_out(self, whose: Hashable, command: Command) -> None:
        """Carry out a command at once, in the calling thread."""
        if isinstance(command, CreateSession):
            self._create(whose, command)
        else:
            self._answered(whose, command, self._outcome(command))

    def _create(self, whose: Hashable, command: CreateSession) -> None:
        request = replace(command.request, notification_destination=self._inbox.url)
        with self._inbox.awaiting_session():
            answer = _attempt(lambda: Accepted(self._fresh_session(request)))
            # The answer goes first: notifications of the session come after it.
            self._answered(whose, command, answer)
            if isinstance(answer, Accepted):
                self._inbox.expect(answer.session.url)

    def _fresh_session(self, request: SessionRequest) -> Session:
        """Create a session; delete first what a process before this one left for the device.

        A UE with two addresses may be two devices to this server, which leaves the other one alone.
        """
        for old in self._nef.sessions(request.ue):
            if old.request.ue == request.ue:
                self._nef.delete_session(old.id)
        return self._nef.create_session(request)

    def _outcome(self, command: Command) -> Answer:
        match command:
            case FetchOutlook():
                return _attempt(lambda: self._outlook(command))
            case ModifySession(session_id, flows):
                return _attempt(lambda: Accepted(self._nef.modify_session(session_id, flows=flows)))
            case CheckSession(session_id):
                return _attempt(lambda: Accepted(self._nef.session(session_id)))
            case DeleteSession(session):
                self._inbox.forget(session.url)
                return _attempt(lambda: self._delete(session))
            case PlanTransfer() | ChooseWindow() | DropPlan():
                return _attempt(lambda: self._plan_outcome(command))
            case _:
                raise TypeError(f"{command} is carried out elsewhere")

    def _plan_outcome(self, command: PlanCommand) -> Answer:
        match command:
            case PlanTransfer():
                return self._plan(command)
            case ChooseWindow(plan, candidate):
                return _planned(self._nef.choose(plan, candidate))
            case DropPlan(plan):
                return self._drop(plan)

    def _outlook(self, question: FetchOutlook) -> Reported:
        """What the network can do; a NEF that foresees nothing still reports the bandwidth."""
        ue = self._nef.ue(gpsi=question.gpsi)
        bandwidth_bps = ue.bandwidth().average_dl_bps
        try:
            seconds, sure = _seconds(ue, question.volumes)
            lasting_bps, too = _lasting(ue, question.rates_bps, question.within_s)
        except NefError as fault:
            _log.debug("no forecast about %s: %s", question.gpsi, fault)
            return Reported(bandwidth_bps)
        return Reported(bandwidth_bps, seconds, lasting_bps, min((*sure, *too), default=100))

    def _delete(self, session: Session) -> Answer:
        self._nef.delete_session(session.id)
        return Gone("deleted")

    def _plan(self, command: PlanTransfer) -> Answer:
        """Plan and choose; what was planned but could not be chosen is given up at once."""
        windows = (Window.of_next(command.within_s),)
        request = PlanRequest(windows, qos=command.qos, places=self._places(command.gpsi))
        plan = self._nef.plan_transfer(request, warnings=self._warnings)
        try:
            if not plan.candidates:
                raise InvalidReply("the NEF's new plan has no candidates")
            return _planned(self._nef.choose(plan, plan.candidates[0]))
        except NefError:
            _attempt(lambda: self._drop(plan))
            raise

    def _places(self, gpsi: str) -> tuple[Cell, ...]:
        """Where the device is: a plan for anywhere needs room in every cell of the network."""
        try:
            cell_id = self._nef.ue(gpsi=gpsi).location().cell_id or ""
        except NefError as fault:
            _log.debug("nobody knows where %s is: %s", gpsi, fault)
            return ()
        # The standard leaves open how a cell is written there; this is how `Cell` is.
        parts = cell_id.split("-")
        return (Cell(*parts),) if len(parts) == len(fields(Cell)) else ()

    def _drop(self, plan: Plan) -> Answer:
        self._nef.delete_plan(plan.id)
        return Gone("deleted")


def _planned(plan: Plan) -> Answer:
    if plan.chosen is None:
        raise InvalidReply("the NEF's plan does not have the chosen window")
    ahead_s = time.monotonic() - time.time()
    window = plan.chosen.window
    starts_s, ends_s = window.starts_at.timestamp(), window.ends_at.timestamp()
    return Planned(plan, starts_s + ahead_s, ends_s + ahead_s)


def _seconds(
    ue: UeAnalytics, volumes: tuple[int, ...]
) -> tuple[dict[int, float] | None, list[int]]:
    """How long each volume takes, and how sure that is; None where none was asked for."""
    if not volumes:
        return None, []
    found = ue.transfer_times(volumes).times
    sure = [time.confidence for time in found if time.confidence is not None]
    return {time.n_bytes: time.seconds for time in found}, sure


def _lasting(
    ue: UeAnalytics, rates_bps: tuple[int, ...], within_s: int
) -> tuple[int | None, list[int]]:
    """The first rate that holds, 0 where none does, and how sure that is."""
    sure: list[int] = []
    for rate_bps in rates_bps:
        outlook = ue.qos_outlook(rate_dl_bps=rate_bps, within_s=within_s)
        sure += [outlook.confidence] if outlook.confidence is not None else []
        if outlook.holds:
            # The standard has no confidence for a rate that holds; that of the same forecast is.
            forecast = ue.bandwidth(within_s=within_s).confidence
            return rate_bps, [*sure, *([] if forecast is None else [forecast])]
    return 0 if rates_bps else None, sure


def _attempt(ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except Refused as refusal:
        acceptable = {
            number: rate.max_rate_dl_bps
            for number, rate in refusal.acceptable.items()
            if rate.max_rate_dl_bps is not None
        }
        return Declined(acceptable, str(refusal))
    except NotFound as fault:
        return Gone(str(fault))
    except NefError as fault:
        return Failed(str(fault))
    except Exception as fault:
        # A fault of ours must not end the thread, and with it every session, without a word.
        _log.exception("a command could not be carried out")
        return Failed(f"{type(fault).__name__}: {fault}")
