"""Objects of another process: called as if they were here, and safe when that process dies."""

import errno
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders.forks import beside, kill
from builders.waiting import until
from nef.domain.errors import (
    InvalidParam,
    InvalidRequest,
    NotReady,
    ResourcesRefused,
    UeNotFound,
)
from nef.domain.units import BitRate
from nef.ports.notifier import DeliveryPostponed
from nef.processes.answering import Answering
from nef.processes.remote import Caller, Remote

SECRET = b"known to the processes of a service"
PARAM = InvalidParam("/a", "wrong", missing=True)


class Target:
    """What is called."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pid(self) -> int:
        return os.getpid()

    def joined(self, *parts: str, by: str) -> str:
        return by.join(parts)

    def refuse(self, error: Exception) -> None:
        raise error

    def refuse_by_name(self, name: str) -> None:
        raise {
            "InvalidRequest": InvalidRequest(PARAM),
            "UeNotFound": UeNotFound("/gpsi", "msisdn-1"),
            "ResourcesRefused": ResourcesRefused({1: BitRate(5)}),
            "DeliveryPostponed": DeliveryPostponed("later", 2.5),
            "KeyError": KeyError("a mistake"),
        }[name]

    def hang(self) -> None:
        (self._folder / f"hangs-{os.getpid()}").touch()
        signal.pause()


def answering(folder: Path) -> Callable[[], None]:
    """Work for a process beside: answer."""

    def work() -> None:
        Answering(folder / "network", SECRET, {"target": Target(folder)})

    return work


def called(folder: Path, *, secret: bytes = SECRET, **more: Any) -> Any:
    settings: dict[str, Any] = {"patience_s": 60.0, "answer_s": 60.0} | more
    return Remote(Caller(folder / "network", secret, **settings), "target")


def test_a_call_is_carried_out_over_there(tmp_path: Path) -> None:
    with beside(answering(tmp_path)) as pid:
        target = called(tmp_path)
        assert target.pid() == pid
        assert target.joined("a", "b", by="-") == "a-b"


@pytest.mark.parametrize("name", ["InvalidRequest", "UeNotFound"])
def test_an_error_comes_with_all_that_it_says(tmp_path: Path, name: str) -> None:
    with beside(answering(tmp_path)), pytest.raises(Exception, match=r".") as caught:
        called(tmp_path).refuse_by_name(name)
    expected = {
        "InvalidRequest": InvalidRequest(PARAM),
        "UeNotFound": UeNotFound("/gpsi", "msisdn-1"),
    }
    assert type(caught.value) is type(expected[name])
    assert str(caught.value) == str(expected[name])
    assert vars(caught.value) == vars(expected[name])


def test_what_could_be_accepted_comes_with_a_refusal(tmp_path: Path) -> None:
    with beside(answering(tmp_path)), pytest.raises(ResourcesRefused) as caught:
        called(tmp_path).refuse_by_name("ResourcesRefused")
    assert caught.value.acceptable == {1: BitRate(5)}


def test_how_long_to_wait_comes_with_a_postponement(tmp_path: Path) -> None:
    with beside(answering(tmp_path)), pytest.raises(DeliveryPostponed) as caught:
        called(tmp_path).refuse_by_name("DeliveryPostponed")
    assert caught.value.delay_s == 2.5


def test_a_mistake_over_there_says_where_it_was_made(tmp_path: Path) -> None:
    with beside(answering(tmp_path)) as pid, pytest.raises(KeyError) as caught:
        called(tmp_path).refuse_by_name("KeyError")
    assert f"in process {pid}" in caught.value.__notes__[0]
    assert "refuse_by_name" in caught.value.__notes__[0]


def test_what_is_for_nobody_else_is_not_called(tmp_path: Path) -> None:
    with beside(answering(tmp_path)), pytest.raises(AttributeError, match="for nobody else"):
        called(tmp_path)._folder()


def test_where_nobody_answers_it_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="ask again"):
        called(tmp_path, patience_s=0.05).pid()


def test_who_does_not_know_the_secret_is_not_answered(tmp_path: Path) -> None:
    with beside(answering(tmp_path)), pytest.raises(NotReady):
        called(tmp_path, secret=b"guessed", patience_s=0.05).pid()


def test_a_call_waits_for_who_is_about_to_answer(tmp_path: Path) -> None:
    found: list[int] = []
    asking = threading.Thread(target=lambda: found.append(called(tmp_path).pid()))
    asking.start()
    with beside(answering(tmp_path)) as pid:
        asking.join(120)
    assert found == [pid]


def test_who_has_died_is_followed_by_who_takes_over(tmp_path: Path) -> None:
    target = called(tmp_path)
    with beside(answering(tmp_path)) as first:
        assert target.pid() == first
    with beside(answering(tmp_path)) as second:
        assert target.pid() == second


def test_a_call_that_may_have_happened_is_not_made_again_unless_it_may_be(tmp_path: Path) -> None:
    errors: list[str] = []

    def ask() -> None:
        with pytest.raises(NotReady) as caught:
            called(tmp_path, repeats=False).hang()
        errors.append(str(caught.value))

    with beside(answering(tmp_path)) as pid:
        asking = threading.Thread(target=ask)
        asking.start()
        until((tmp_path / f"hangs-{pid}").exists)
        kill(pid)
        with beside(answering(tmp_path)):
            asking.join(120)
    assert "may have happened" in errors[0]
    assert len(list(tmp_path.glob("hangs-*"))) == 1


def test_who_hangs_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with beside(answering(tmp_path)), pytest.raises(NotReady, match=r"within 0\.05 s"):
        called(tmp_path, answer_s=0.05).hang()


def test_who_comes_while_there_are_too_many_open_files_is_answered_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [OSError(errno.EMFILE, "too many open files")] * 2

    class Short(socket.socket):
        def accept(self) -> tuple[socket.socket, Any]:
            if failures:
                raise failures.pop()
            return super().accept()

    monkeypatch.setattr(socket, "socket", Short)
    Answering(tmp_path / "s", SECRET, {"target": Target(tmp_path)})
    monkeypatch.undo()
    caller = Caller(tmp_path / "s", SECRET, patience_s=0.0, answer_s=60.0, repeats=False)
    assert caller.call("target", "pid") == os.getpid()
    assert not failures
    caller.close()
