"""Websockets of AFs, each of which is open in one process, for deliveries by any of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from nef.domain.errors import NotReady
from nef.domain.notifications import Delivery
from nef.notifications.websocket import TIMEOUT_S, WebsocketHub
from nef.processes.remote import Caller, Remote


class Holder(Protocol):
    """A process that holds websockets."""

    def take(self, delivery: Delivery) -> bool:
        """See WebsocketHub."""
        ...

    def dismiss(self, subscription_id: str) -> None:
        """See WebsocketHub."""
        ...


#: The other processes that may hold websockets, right now.
Peers = Callable[[], Sequence[Holder]]


class SharedWebsockets:
    """A Notifier for websockets that are open in this process, or in any other one.

    Whoever delivers asks all of them, one after the other: nobody has to keep a list that would
    be wrong for as long as an AF changes from one process to another.
    """

    def __init__(self, own: WebsocketHub, peers: Peers) -> None:
        """`own` has those of this process."""
        self._own, self._peers = own, peers

    def send(self, delivery: Delivery) -> None:
        """Deliver; raises DeliveryFailed, also where no process has this websocket."""
        if self._own.take(delivery) or any(_taken(peer, delivery) for peer in self._peers()):
            return
        self._own.send(delivery)  # it says why not, unless it has just been opened

    def opened(self, subscription_id: str) -> None:
        """An AF has opened one in this process: it is done with one that it has in another."""
        for peer in self._peers():
            _dismissed(peer, subscription_id)


class RemoteHolders:
    """The websockets of the other processes, each of which answers in one folder."""

    def __init__(self, folder: Path, secret: bytes, own: str) -> None:
        """`own` is the name of the socket of this process there."""
        self._folder, self._secret, self._own = folder, secret, own
        self._known: dict[str, Remote] = {}

    def __call__(self) -> Sequence[Holder]:
        """Those that are there now."""
        names = {path.name for path in self._folder.iterdir()} - {self._own}
        for name in self._known.keys() - names:
            self._known.pop(name, None)
        return [self._known.get(name) or self._met(name) for name in sorted(names)]

    def _met(self, name: str) -> Remote:
        path = self._folder / name
        # What an AF is told twice is told twice; so what may have been said is not said again here.
        caller = Caller(path, self._secret, patience_s=0.0, answer_s=2 * TIMEOUT_S, repeats=False)
        return self._known.setdefault(name, Remote(caller, "websockets"))


def _taken(peer: Holder, delivery: Delivery) -> bool:
    try:
        return peer.take(delivery)
    except NotReady:
        return False  # it has died, and all of its websockets with it


def _dismissed(peer: Holder, subscription_id: str) -> None:
    try:
        peer.dismiss(subscription_id)
    except NotReady:
        return  # it has died, and all of its websockets with it
