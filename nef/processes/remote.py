"""Objects of another process of the same service, called as if they were here."""

import os
import pickle
import socket
import struct
import threading
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from nef.domain.errors import NotReady
from nef.processes.answering import Answer, Failure, Request

#: How often it is looked whether somebody answers by now.
_LOOK_EVERY_S = 0.02
_SECOND_US = 1_000_000


class Caller:
    """Calls the objects behind one socket; each thread has a connection of its own, and keeps it.

    While nobody answers there a call waits, for `patience_s` at most, and an answer is awaited for
    `answer_s`. Where who should answer has died meanwhile, a call that `repeats` without harm is
    made again with whoever answers next.
    """

    def __init__(
        self,
        path: Path,
        secret: bytes,
        *,
        patience_s: float,
        answer_s: float,
        repeats: bool = True,
    ) -> None:
        """Nobody is called yet."""
        self._path, self._secret = path, secret
        self._patience_s, self._answer_s, self._repeats = patience_s, answer_s, repeats
        self._own = threading.local()

    def call(self, target: str, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """What a method of an object over there gives; raises what it raises, and NotReady."""
        request = pickle.dumps((target, name, args, kwargs), pickle.HIGHEST_PROTOCOL)
        until_s = time.monotonic() + self._patience_s
        while True:
            answer = self._asked(request)
            if answer is not None:
                break
            if time.monotonic() > until_s:
                raise NotReady("the network is between two processes; ask again in a moment")
            time.sleep(_LOOK_EVERY_S)
        succeeded, result = pickle.loads(answer)  # noqa: S301 - of our own processes
        if succeeded:
            return result
        raise _error(result)

    def close(self) -> None:
        """Close the connection of this thread; the next call opens another one."""
        connection = getattr(self._own, "connection", None)
        if connection is not None:
            connection.close()
            self._own.connection = None

    def _asked(self, request: bytes) -> bytes | None:
        """The answer; None where nobody is there, and it is as if nobody had been asked."""
        try:
            connection = self._connection()
            connection.send_bytes(request)
        except OSError:
            self._own.connection = None
            return None
        try:
            return connection.recv_bytes()
        except (EOFError, OSError) as error:
            self._own.connection = None
            connection.close()
            if isinstance(error, BlockingIOError):
                late = f"the network did not answer within {self._answer_s:g} s"
                raise NotReady(f"{late}; what was asked may have happened") from None
            if not self._repeats:
                died = "the process of the network died meanwhile"
                raise NotReady(f"{died}; what was asked may have happened") from None
            return None

    def _connection(self) -> "Connection[Request, Answer]":
        connection: Connection[Request, Answer] | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = Connection(self._connected().detach())
            connection.send_bytes(self._secret)
            self._own.connection = connection
        return connection

    def _connected(self) -> socket.socket:
        here = socket.socket(socket.AF_UNIX)
        try:
            # By the kernel, for waiting costs nothing there. It waits for room too: at a process
            # that stands still for who is in line before, and until a request is taken.
            seconds, fraction_s = divmod(self._answer_s, 1)
            awaited = struct.pack("ll", int(seconds), int(fraction_s * _SECOND_US))
            here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, awaited)
            here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, awaited)
            here.connect(os.fspath(self._path))
        except OSError:
            here.close()
            raise
        return here


class Remote:
    """One object over there: whatever method it has, this one has."""

    def __init__(self, caller: Caller, target: str) -> None:
        """Nothing is asked yet."""
        self._call = partial(caller.call, target)

    def __getattr__(self, name: str) -> Any:
        """A method, which stays."""
        if name.startswith("_"):
            raise AttributeError(f"{name} is for nobody else")
        method = partial(self._call, name)
        self.__dict__[name] = method
        return method


def _error(failure: Failure) -> BaseException:
    kind, args, attributes = failure
    error: BaseException = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error
