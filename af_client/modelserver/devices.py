"""All devices of a model server, without sockets, threads and clocks: who gets what came in."""

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from urllib.parse import urlsplit

from af_client.delivery import documents, wire
from af_client.delivery.documents import FORMAT, DeviceRequest
from af_client.delivery.sender import Outgoing
from af_client.delivery.tunnel import Endpoint, InnerPacket
from af_client.delivery.wire import MalformedMessage, Message, MessageType
from af_client.eventlog import Log
from af_client.messages import Notification, Session
from af_client.modelserver.catalogue import MetBy
from af_client.modelserver.negotiation import Negotiation
from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Choice, Variant
from af_client.modelserver.serving import Model, ServedDevice
from af_client.modelserver.steps import (
    Accepted,
    Answer,
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
from af_client.plans import PlanWarning

_log = logging.getLogger(__name__)

#: A device that said nothing for so long has gone; its session is let go.
DEVICE_SILENCE_S = 30.0


class Devices:
    """Finds the device that a packet, an answer or a notification belongs to.

    `applications` are those that are served; for those that are met by prediction better models
    are planned ahead. A device exists from its first request until it says
    goodbye or nothing for 30 s.
    """

    def __init__(
        self,
        server: Endpoint,
        variants: Sequence[Variant],
        models: Mapping[str, Model],
        applications: Mapping[str, MetBy],
        policy: Policy,
        new_transfer: Callable[[], int],
        log: Log,
    ) -> None:
        self._server, self._variants, self._models = server, variants, models
        self._applications, self._policy = applications, policy
        self._new_transfer, self._log = new_transfer, log
        self._served: dict[Hashable, ServedDevice] = {}
        self._leaving: list[tuple[Hashable, Command]] = []
        self._replies: list[tuple[Endpoint, Message]] = []
        self._unreachable = False

    # --- what comes in ---

    def packet(self, packet: InnerPacket, now_s: float) -> None:
        """Take a packet of a device; what is no message of this protocol is dropped."""
        try:
            self._message(packet.source, wire.decode(packet.payload), now_s)
        except MalformedMessage as fault:
            _log.warning("dropped a packet of %s: %s", packet.source, fault)

    def answer(self, whose: Hashable, command: Command, answer: Answer, now_s: float) -> None:
        """Take what the NEF answered to a command."""
        if isinstance(command, PlanTransfer | ChooseWindow | DropPlan):
            # Also a NEF that cannot plan can be reached.
            self._plan_answer(whose, command, answer, now_s)
            return
        self._tell_reachable(answer)
        self._tell(whose, command, answer)
        served = self._served.get(whose)
        if served is None:
            if isinstance(answer, Accepted):
                self._leaving.append((whose, DeleteSession(answer.session)))
        elif isinstance(command, FetchOutlook):
            served.follow(served.negotiation.bandwidth(answer, now_s), now_s)
        elif not isinstance(command, DeleteSession):
            served.follow(served.negotiation.answered(answer, now_s), now_s)

    def notification(self, notification: Notification, now_s: float) -> None:
        """Take what the NEF notified; of a session that is being created too."""
        served = self._of_session(notification.session_url)
        for report in notification.reports:
            self._log(
                "notification",
                device=str(served.device.address) if served else None,
                session=_session_id(notification.session_url),
                report=str(report.event),
                components=[number for number, _ in report.components],
                applied_ref=report.applied_ref,
            )
        if served is not None:
            served.follow(served.negotiation.notified(notification, now_s), now_s)

    def warning(self, warning: PlanWarning, now_s: float) -> None:
        """Take a warning about a plan, also of one whose answer is still to come."""
        for served in self._served.values():
            served.follow(served.negotiation.warned(warning), now_s)

    # --- what goes out ---

    def due(self, now_s: float) -> list[tuple[Endpoint, Outgoing]]:
        """Return what has to be sent now."""
        for served in tuple(self._served.values()):
            if now_s >= served.heard_s + DEVICE_SILENCE_S:
                self._leave(served, "the device said nothing for a long time")
        items: list[tuple[Endpoint, Outgoing]] = list(self._replies)
        self._replies = []
        for served in self._served.values():
            items += [(served.device, item) for item in served.due(now_s)]
        return items

    def commands(self) -> list[tuple[Hashable, Command]]:
        """Return what has to be asked of the NEF."""
        commands, self._leaving = self._leaving, []
        for whose, served in self._served.items():
            commands += [(whose, command) for command in served.commands]
            served.commands.clear()
        return commands

    @property
    def wake_s(self) -> float:
        """When `due` has something next, if nothing comes before."""
        if self._replies or self._leaving:
            return float("-inf")
        return min((served.wake_s for served in self._served.values()), default=float("inf"))

    def leave(self, reason: str) -> None:
        """Let every session go, and tell the devices whose transfer ends early."""
        for served in tuple(self._served.values()):
            self._leave(served, reason)

    # --- devices ---

    def _message(self, source: Endpoint, message: Message, now_s: float) -> None:
        served = self._served.get(source)
        if message.type is MessageType.REQUEST:
            self._request(source, message, now_s)
        elif served is not None and message.type is MessageType.BYE:
            self._leave(served, "the device has ended its application")
        elif served is not None:
            served.received(message, now_s)

    def _request(self, source: Endpoint, message: Message, now_s: float) -> None:
        request = documents.read(DeviceRequest, message.body)
        refusal = self._refusal(request)
        if refusal is not None:
            self._log("refusal", device=str(source.address), reason=refusal)
            body = documents.write_reason(refusal)
            answer = Message(MessageType.REFUSAL, message.transfer, body=body)
            self._replies.append((source, answer))
            return
        if source not in self._served:
            self._served[source] = self._welcome(source, request)
        self._served[source].requested(message.transfer, request, now_s)

    def _refusal(self, request: DeviceRequest) -> str | None:
        if request.application not in self._applications:
            known = ", ".join(sorted(self._applications))
            return f"no models for the application {request.application!r:.60}, only for {known}"
        if FORMAT not in request.formats:
            return f"the models here have the format {FORMAT}, the device reads {request.formats}"
        return None

    def _welcome(self, source: Endpoint, request: DeviceRequest) -> ServedDevice:
        negotiation = Negotiation(
            self._server,
            source,
            request.gpsi,
            self._variants,
            self._policy,
            always_on=self._applications[request.application] is MetBy.PREDICTION,
        )
        budget_s = self._policy.budget_s
        return ServedDevice(
            source, negotiation, self._models, self._new_transfer, self._log, budget_s
        )

    def _plan_answer(
        self, whose: Hashable, command: PlanCommand, answer: Answer, now_s: float
    ) -> None:
        served = self._served.get(whose)
        if isinstance(command, DropPlan):
            # It ends by itself, too. And the next plan may have been asked for already.
            return
        if served is not None:
            served.follow(served.negotiation.planned(answer, now_s), now_s)
        elif isinstance(answer, Planned):
            self._leaving.append((whose, DropPlan(answer.plan)))

    def _leave(self, served: ServedDevice, reason: str) -> None:
        device = served.device
        self._replies += [(device, message) for message in served.leave(reason)]
        self._leaving += [(device, command) for command in served.commands]
        del self._served[device]
        self._log("device_left", device=str(device.address), reason=reason)

    def _of_session(self, url: str) -> ServedDevice | None:
        path = urlsplit(url).path.rstrip("/")
        for served in self._served.values():
            session = served.negotiation.session
            if session is not None and urlsplit(session.url).path.rstrip("/") == path:
                return served
        return None

    # --- the log ---

    def _tell_reachable(self, answer: Answer) -> None:
        failed = isinstance(answer, Failed)
        if failed and not self._unreachable:
            self._log("nef_failed", reason=answer.text if isinstance(answer, Failed) else "")
        elif self._unreachable and not failed:
            self._log("nef_answers_again")
        self._unreachable = failed

    def _tell(self, whose: Hashable, command: Command, answer: Answer) -> None:
        name = str(whose.address) if isinstance(whose, Endpoint) else str(whose)
        if isinstance(command, FetchOutlook):
            served = self._served.get(whose)
            if isinstance(answer, Reported) and served is not None:
                own_bps, bandwidth_bps = served.negotiation.own_bps, answer.bandwidth_bps
                self._log("bandwidth", device=name, average_dl_bps=bandwidth_bps, own_bps=own_bps)
            elif isinstance(answer, Gone | Declined):
                self._log("no_bandwidth", device=name, reason=answer.text)
        elif isinstance(command, DeleteSession):
            state = "deleted" if isinstance(answer, Gone) else "not deleted"
            self._log("session", device=name, session=command.session.id, state=state)
        elif isinstance(command, CreateSession | ModifySession):
            self._tell_session(name, command, answer)

    def _tell_session(
        self, name: str, command: CreateSession | ModifySession, answer: Answer
    ) -> None:
        created = isinstance(command, CreateSession)
        session: Session | None = answer.session if isinstance(answer, Accepted) else None
        done = "created" if created else "modified"
        self._log(
            "session",
            device=name,
            session=session.id if session else None,
            state=done if session else "refused" if isinstance(answer, Declined) else "failed",
            ladder=_ladder(command.choice),
            reason=command.choice.reason,
            answer=None if isinstance(answer, Accepted | Planned | Reported) else answer.text,
        )


def _ladder(choice: Choice) -> list[dict[str, object]]:
    return [
        {
            "variant": rung.variant.name,
            "topology_rate_bps": rung.topology_rate_bps,
            "weights_rate_bps": rung.weights_rate_bps,
        }
        for rung in choice.ladder
    ]


def _session_id(url: str) -> str:
    return url.rstrip("/").rsplit("/", 1)[-1]
