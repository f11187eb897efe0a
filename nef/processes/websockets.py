"""Websockets of AFs, each of which is open in one process, for deliveries by any of them."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from nef.domain.errors import NotReady
from nef.domain.notifications import Delivery
from nef.notifications.websocket import TIMEOUT_S, WebsocketHub
from nef.processes.remote import Caller, Remote

#: How long a process may take to say which websockets it has, and to write a message.
_ASKED_S, _WRITTEN_S = 1.0, 2 * TIMEOUT_S
#: Whoever has not answered is asked again after this time.
_AGAIN_S = 5.0


class Holder(Protocol):
    """A process that holds websockets; what it is asked while it does not answer, it denies."""

    def holds(self, subscription_id: str) -> bool:
        """See WebsocketHub."""
        ...

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

    Whoever delivers asks all of them: nobody has to keep a list that would be wrong for as long as
    an AF changes from one process to another.
    """

    def __init__(self, own: WebsocketHub, peers: Peers) -> None:
        """`own` has those of this process."""
        self._own, self._peers = own, peers

    def send(self, delivery: Delivery) -> None:
        """Deliver; raises DeliveryFailed, also where no process has this websocket."""
        if self._own.take(delivery):
            return
        subscription_id = delivery.notification.subscription_id
        if any(peer.holds(subscription_id) and peer.take(delivery) for peer in self._peers()):
            return
        self._own.send(delivery)  # it says why not, unless it has just been opened

    def opened(self, subscription_id: str) -> None:
        """An AF has opened one in this process: it is done with one that it has in another."""
        for peer in self._peers():
            peer.dismiss(subscription_id)


class RemoteHolders:
    """The websockets of the other processes, each of which answers in one folder."""

    def __init__(self, folder: Path, secret: bytes, own: str) -> None:
        """`own` is the name of the socket of this process there."""
        self._folder, self._secret, self._own = folder, secret, own
        self._known: dict[str, RemoteHolder] = {}

    def __call__(self) -> Sequence[Holder]:
        """Those that are there now."""
        names = {path.name for path in self._folder.iterdir()} - {self._own}
        for name in self._known.keys() - names:
            self._known.pop(name, None)
        return [self._known.get(name) or self._met(name) for name in sorted(names)]

    def _met(self, name: str) -> "RemoteHolder":
        return self._known.setdefault(name, RemoteHolder(self._folder / name, self._secret))


class RemoteHolder:
    """One of them: who stands still holds the deliveries of the others up for a moment only."""

    def __init__(self, path: Path, secret: bytes) -> None:
        """It answers at `path`."""

        def remote(answer_s: float) -> Any:
            # What an AF is told twice is told twice; so what may have been said is not said again.
            caller = Caller(path, secret, patience_s=0.0, answer_s=answer_s, repeats=False)
            return Remote(caller, "websockets")

        self._quick, self._slow = remote(_ASKED_S), remote(_WRITTEN_S)
        self._again_s = 0.0

    def holds(self, subscription_id: str) -> bool:
        """See WebsocketHub."""
        return self._asked(self._quick.holds, subscription_id) is True

    def take(self, delivery: Delivery) -> bool:
        """See WebsocketHub."""
        return self._asked(self._slow.take, delivery) is True

    def dismiss(self, subscription_id: str) -> None:
        """See WebsocketHub."""
        self._asked(self._quick.dismiss, subscription_id)

    def _asked(self, method: Callable[..., Any], about: object) -> Any:
        """What it says, None where it does not answer, or has not a moment ago."""
        if time.monotonic() < self._again_s:
            return None
        try:
            return method(about)
        except NotReady:  # it stands still, or has died, and all of its websockets with it
            self._again_s = time.monotonic() + _AGAIN_S
            return None
