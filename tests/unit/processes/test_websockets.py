"""A notification goes by the process that holds the websocket of its AF, whoever delivers it."""

import os
import signal
import socket
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from builders.forks import beside, kill
from nef.domain.notifications import Delivery, DeliveryState, Notification, Trial
from nef.domain.subscriptions import Api
from nef.notifications.websocket import WebsocketHub
from nef.ports.notifier import DeliveryFailed
from nef.processes import websockets
from nef.processes.answering import Answering
from nef.processes.websockets import Peers, RemoteHolders, SharedWebsockets

SECRET = b"known to the processes of a service"


@dataclass
class Hub:
    """The websockets of one process, by their subscriptions."""

    open: set[str] = field(default_factory=set)
    written: list[int] = field(default_factory=list)

    def send(self, delivery: Delivery) -> None:
        if not self.take(delivery):
            raise DeliveryFailed("not here")

    def holds(self, subscription_id: str) -> bool:
        return subscription_id in self.open

    def take(self, delivery: Delivery) -> bool:
        here = delivery.notification.subscription_id in self.open
        if here:
            self.written.append(delivery.id)
        return here

    def dismiss(self, subscription_id: str) -> None:
        self.open.discard(subscription_id)


def delivery(number: int, subscription_id: str) -> Delivery:
    note = Notification(subscription_id, "af-1", "websocket", Trial(Api.SESSIONS), 0.0)
    return Delivery(number, note, DeliveryState.PENDING, 0, 0.0, 0.0)


def shared(own: Hub, peers: Peers = tuple) -> SharedWebsockets:
    return SharedWebsockets(cast("WebsocketHub", own), peers)


def test_what_is_open_here_is_written_here() -> None:
    own, other = Hub({"a"}), Hub()
    shared(own, lambda: (other,)).send(delivery(1, "a"))
    assert (own.written, other.written) == ([1], [])


def test_what_is_open_elsewhere_is_written_there() -> None:
    own, first, second = Hub(), Hub(), Hub({"a"})
    shared(own, lambda: (first, second)).send(delivery(1, "a"))
    assert (own.written, first.written, second.written) == ([], [], [1])


def test_what_is_open_nowhere_is_told_as_it_always_was() -> None:
    with pytest.raises(DeliveryFailed, match="not here"):
        shared(Hub(), lambda: (Hub(),)).send(delivery(1, "a"))


def test_an_af_that_comes_to_another_process_has_left_the_one_before() -> None:
    before = Hub({"a", "b"})
    shared(Hub({"a"}), lambda: (before,)).opened("a")
    assert before.open == {"b"}


def test_the_others_are_found_in_their_folder_and_one_that_died_is_passed_over(
    tmp_path: Path,
) -> None:
    def answering(name: str) -> None:
        Answering(tmp_path / name, SECRET, {"websockets": Hub({name})})

    own = shared(Hub(), RemoteHolders(tmp_path, SECRET, "own"))
    with beside(lambda: answering("a")) as dies, beside(lambda: answering("b")):
        own.send(delivery(1, "a"))
        own.send(delivery(2, "b"))
        kill(dies)
        with pytest.raises(DeliveryFailed):
            own.send(delivery(3, "a"))
        own.opened("b")
        with pytest.raises(DeliveryFailed):
            own.send(delivery(4, "b"))


@pytest.mark.parametrize(("again_s", "asked_again"), [(3600.0, False), (0.0, True)])
def test_one_that_stands_still_holds_up_nobody_and_is_left_alone_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again_s: float, *, asked_again: bool
) -> None:
    monkeypatch.setattr(websockets, "_ASKED_S", 2.0)  # "b" has it too, on a busy machine
    monkeypatch.setattr(websockets, "_AGAIN_S", again_s)

    def answering(name: str) -> None:
        Answering(tmp_path / name, SECRET, {"websockets": Hub({name})})

    own = shared(Hub(), RemoteHolders(tmp_path, SECRET, "own"))
    with beside(lambda: answering("a")) as still, beside(lambda: answering("b")):
        os.kill(still, signal.SIGSTOP)
        own.send(delivery(1, "b"))
        own.opened("c")
        os.kill(still, signal.SIGCONT)
        if asked_again:
            own.send(delivery(2, "a"))
        else:
            with pytest.raises(DeliveryFailed):
                own.send(delivery(2, "a"))


def test_one_that_stands_still_and_has_a_long_line_is_not_waited_for_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websockets, "_ASKED_S", 0.2)
    with closing(socket.socket(socket.AF_UNIX)) as full, ExitStack() as stack:
        full.bind(str(tmp_path / "a"))
        full.listen(0)
        for _ in range(2):
            waiting = stack.enter_context(closing(socket.socket(socket.AF_UNIX)))
            waiting.setblocking(False)
            waiting.connect_ex(str(tmp_path / "a"))
        with pytest.raises(DeliveryFailed, match="not here"):
            shared(Hub(), RemoteHolders(tmp_path, SECRET, "own")).send(delivery(1, "a"))
