"""Objects of this process, called by other processes of the same service."""

import errno
import hmac
import os
import pickle
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from nef.domain.errors import NefError

#: What a caller shows first, and no more of it is read.
_LONGEST_SECRET = 256
_WAITING_CALLERS = 128
#: What the thread that waits for callers is told when its socket was shut down or closed.
_CLOSED = (errno.EINVAL, errno.EBADF)
_PAUSE_S = 0.1

#: Of a call: its target, the method, and what it is given. Of its answer: the result, or the class
#: of an error with its `args` and attributes, as errors do not pickle whose making takes more.
Request = tuple[str, str, tuple[Any, ...], dict[str, Any]]
Failure = tuple[type[BaseException], tuple[Any, ...], dict[str, Any]]
Answer = tuple[bool, Any]


class Answering:
    """Answers calls at a socket in the file system, a thread for each connection.

    Whoever shows the secret may call any public method of the `targets` with anything that
    pickles: the socket belongs into a folder that nobody else can enter.
    """

    def __init__(self, path: Path, secret: bytes, targets: Mapping[str, object]) -> None:
        """Take the place of whoever answered there before."""
        self._secret, self._targets = secret, targets
        # It listens before it has its name: who finds it is answered.
        own = path.with_name(f"{path.name}.{os.getpid()}")
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(own))
        self._socket.listen(_WAITING_CALLERS)
        own.rename(path)
        threading.Thread(target=self._accept, name="nef-answering", daemon=True).start()

    def close(self) -> None:
        """Take no more callers; those who are there are answered until this process ends."""
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for them
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError as error:
                if error.errno in _CLOSED:
                    return
                time.sleep(_PAUSE_S)  # too many open files, say: who waits is answered later
                continue
            connection: Connection[Answer, Request] = Connection(caller.detach())
            threading.Thread(
                target=self._serve, args=(connection,), name="nef-answers", daemon=True
            ).start()

    def _serve(self, connection: "Connection[Answer, Request]") -> None:
        with connection:
            try:
                if not hmac.compare_digest(connection.recv_bytes(_LONGEST_SECRET), self._secret):
                    return
                while True:
                    connection.send_bytes(self._answered(connection.recv_bytes()))
            except (EOFError, OSError):
                return  # the caller has gone

    def _answered(self, request: bytes) -> bytes:
        try:
            target, name, args, kwargs = pickle.loads(request)  # noqa: S301 - of our own processes
            answer: Answer = True, self._method(target, name)(*args, **kwargs)
        except Exception as error:
            answer = False, _failure(error)
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)

    def _method(self, target: str, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(f"{name} is for nobody else")
        method: Callable[..., Any] = getattr(self._targets[target], name)
        return method


def _failure(error: Exception) -> Failure:
    if not isinstance(error, NefError):
        # Whoever logs it should see where it came from.
        error.add_note(f"in process {os.getpid()}:\n{traceback.format_exc()}")
    return type(error), error.args, error.__dict__
