"""A model server without sockets, whose NEF grants everything, in virtual time."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address
from itertools import count
from typing import Any

from af_client.delivery import documents
from af_client.delivery.documents import DeviceReport, DeviceRequest
from af_client.delivery.segments import SegmentRun
from af_client.delivery.sender import Outgoing
from af_client.delivery.tunnel import Endpoint, InnerPacket
from af_client.delivery.wire import Message, MessageType
from af_client.modelserver.catalogue import MetBy
from af_client.modelserver.devices import Devices
from af_client.modelserver.policy import Policy
from af_client.modelserver.serving import Model
from af_client.modelserver.steps import (
    Accepted,
    Answer,
    ChooseWindow,
    Command,
    CreateSession,
    FetchOutlook,
    ModifySession,
    PlanTransfer,
    Reported,
)
from builders.negotiations import (
    DEVICE,
    ENOUGH_BPS,
    GPSI,
    LARGE,
    MEDIUM,
    SERVER,
    SMALL,
    a_session,
    allocated,
    planned,
)
from builders.transfers import TOPOLOGY, WEIGHTS, an_offer
from fakes.log import FakeLog

REQUEST = DeviceRequest("i-1", GPSI, "recognition", None, "missing")
OTHER = Endpoint(ip_address("10.45.0.3"), 7001)


def messages_of(item: Outgoing) -> list[Message]:
    return list(item.messages()) if isinstance(item, SegmentRun) else [item]


#: How long every variant takes, as the network foresees it.
PREDICTED_S = 0.7


class Server:
    """Devices with a log, and a NEF that grants everything."""

    def __init__(self, **policy: Any) -> None:
        self.log = FakeLog()
        models = {
            v.name: Model(an_offer(v.name), TOPOLOGY, WEIGHTS) for v in (SMALL, MEDIUM, LARGE)
        }
        ids = count(1)
        self.devices = Devices(
            SERVER,
            (SMALL, MEDIUM, LARGE),
            models,
            {"recognition": MetBy.INTERIM_MODEL, "surveillance": MetBy.PREDICTION},
            Policy(**policy),
            lambda: next(ids),
            self.log,
        )
        self.bandwidth_bps = ENOUGH_BPS["large"]
        self.lasting_bps: int | None = None
        self.plan: Answer = planned(20, 60)
        self.commands: list[Command] = []

    def hear(self, message: Message, now_s: float, source: Endpoint = DEVICE) -> None:
        self.devices.packet(InnerPacket(source, SERVER, 0xB8, message.encode()), now_s)

    def ask(self, now_s: float, number: int = 1, request: DeviceRequest = REQUEST) -> None:
        body = documents.write(request)
        self.hear(Message(MessageType.REQUEST, number, body=body), now_s)

    def turn(self, now_s: float) -> list[Message]:
        """Send what is due, and let the NEF answer; the messages to devices."""
        messages = [message for _, item in self.devices.due(now_s) for message in messages_of(item)]
        for whose, command in self.devices.commands():
            self.commands.append(command)
            if isinstance(command, FetchOutlook):
                seconds = dict.fromkeys(command.volumes, PREDICTED_S) if command.volumes else None
                report = Reported(self.bandwidth_bps, seconds, self.lasting_bps)
                self.devices.answer(whose, command, report, now_s)
            elif isinstance(command, CreateSession | ModifySession):
                self.devices.answer(whose, command, Accepted(a_session()), now_s)
            elif isinstance(command, PlanTransfer | ChooseWindow):
                self.devices.answer(whose, command, self.plan, now_s)
        return messages

    def running(self, now_s: float = 0.0) -> "Server":
        """With a device to which the large model is on its way."""
        self.ask(now_s)
        self.turn(now_s)
        self.turn(now_s)
        self.devices.notification(allocated(), now_s)
        return self

    def planned(self) -> "Server":
        """With an always-on device that has the small model, and a better one planned at 20 s."""
        self.bandwidth_bps = ENOUGH_BPS["small"]
        self.ask(0.0, request=replace(REQUEST, application="surveillance"))
        for _ in range(2):
            self.turn(0.0)
        self.devices.notification(allocated(), 0.0)
        self.bandwidth_bps = 0
        self.turn(0.1)
        self.done(1, "small", 1.0)
        return self

    def plans(self) -> list[tuple[str, str]]:
        """How plans stood: variant and state."""
        return [(e["variant"], e["state"]) for e in self.log.of("plan")]

    def idle(self) -> "Server":
        """With a device that has the large model."""
        self.running()
        transfer = self.log.last("transfer_start")["transfer"]
        self.turn(1.0)
        self.done(transfer, "large", 2.0)
        return self

    def done(self, transfer: int, variant: str, now_s: float, fault: str | None = None) -> None:
        report = DeviceReport(variant, 0.8, 0, 3, True, False, 0.98, fault)
        body = documents.write(report)
        self.hear(Message(MessageType.DONE, transfer, body=body), now_s)

    def started(self) -> list[tuple[str, str]]:
        """Each transfer so far: its variant and its cause."""
        return [(e["variant"], e["cause"]) for e in self.log.of("transfer_start")]


def types_of(messages: Iterable[Message]) -> list[MessageType]:
    return [message.type for message in messages]
