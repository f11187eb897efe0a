"""Models that a device keeps in a folder of limited size; docs/device.md says by which rule."""

import errno
import fcntl
import logging
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from af_client.delivery import documents
from af_client.delivery.assembly import is_intact
from af_client.delivery.documents import Offer, model_key
from af_client.delivery.wire import MalformedMessage
from af_client.eventlog import Log

_log = logging.getLogger(__name__)

#: Only files of such names are ever read or removed: the folder may hold others.
_ENTRY = re.compile(r"[0-9a-f]{32}-[0-9a-f]{32}\.model")
_DRAFT = ".draft.model"
_LONGEST_HEAD_BYTES = 4096


class NotHeld(LookupError):
    """A model is not there, or not whole; the text says which it is."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file: the offer of the model as one line of JSON, its topology, its weights."""

    path: Path
    offer: Offer
    head_bytes: int
    used_ns: int

    @property
    def size_bytes(self) -> int:
        return self.head_bytes + self.offer.size_bytes


@dataclass(frozen=True, slots=True)
class _Leaving:
    """A file that has to go, and what the log says of it."""

    entry: _Entry
    state: str
    reason: str


class ModelStore:
    """A folder that holds at most `limit_bytes` of models, the least recently used go first.

    One process at a time has it, and one thread of that calls its methods; `held` may be read by
    any. `now_ns` is the clock by which uses are ordered, over restarts too. Every change is told
    to the log.
    """

    def __init__(
        self, folder: Path, limit_bytes: int, log: Log, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        """Open a folder, and make it where there is none; raises OSError that names it."""
        self._folder, self._limit_bytes, self._log = folder, limit_bytes, log
        self._now_ns = now_ns
        folder.mkdir(parents=True, exist_ok=True)
        self._handle = _locked(folder)
        # What a crash left half-written.
        (folder / _DRAFT).unlink(missing_ok=True)
        self._entries: dict[tuple[str, str], _Entry] = {}
        self.held: tuple[Offer, ...] = ()
        for path in sorted(folder.iterdir()):
            if _ENTRY.fullmatch(path.name):
                self._find(path)
        self._sort()
        self._let_go(_over(list(self._entries.values()), limit_bytes))

    def close(self) -> None:
        """Let another process have it."""
        os.close(self._handle)

    @property
    def used_bytes(self) -> int:
        """What all models take."""
        return sum(entry.size_bytes for entry in self._entries.values())

    def fetch(self, offer: Offer) -> tuple[bytes, bytes]:
        """Return topology and weights of a model, which counts as used now.

        Raises NotHeld also where what is there is not what was kept; it is dropped then.
        """
        entry = self._entries.get(model_key(offer))
        if entry is None:
            raise NotHeld(f"{offer.variant} is not in {self._folder}")
        try:
            content = entry.path.read_bytes()[entry.head_bytes :]
        except OSError as fault:
            raise self._damaged(entry, str(fault)) from fault
        at = entry.offer.topology.size_bytes
        parts = content[:at], content[at:]
        for name, part, kept in zip(
            ("topology", "weights"), parts, (offer.topology, offer.weights), strict=True
        ):
            if not is_intact(part, kept):
                raise self._damaged(entry, f"its {name} is not what was kept")
        self._used(entry)
        return parts

    def keep(self, offer: Offer, topology: bytes, weights: bytes | memoryview) -> None:
        """Keep a whole model that is in use now; others go for it, older ones of its name first.

        Where it cannot be kept the log says why, nothing of it stays, and what is held does:
        others go when it has been written, or before where the disk has room only then.
        """
        head = documents.write(offer) + b"\n"
        size_bytes = len(head) + offer.size_bytes
        if size_bytes > self._limit_bytes:
            why = f"it takes {size_bytes} bytes, the store has {self._limit_bytes}"
            self._tell(offer.variant, "not_kept", why)
            return
        entry = _Entry(self._path(model_key(offer)), offer, len(head), self._now_ns())
        going = self._going_for(entry)
        fault = self._draft(entry, head, topology, weights)
        if fault is not None and fault.errno == errno.ENOSPC and self._would_fit(entry, going):
            self._let_go(going)
            going = []
            fault = self._draft(entry, head, topology, weights)
        if fault is None:
            self._let_go(going)
            fault = self._rename(entry)
        if fault is not None:
            self._tell(offer.variant, "not_kept", f"{fault}{_unlinked(self._folder / _DRAFT)}")

    def drop(self, offer: Offer, reason: str) -> None:
        """Let a model go that is of no use; one that is not there is none."""
        entry = self._entries.get(model_key(offer))
        if entry is not None:
            self._remove(entry, "damaged", reason)

    # --- files ---

    def _path(self, key: tuple[str, str]) -> Path:
        return self._folder / f"{key[0]}-{key[1]}.model"

    def _find(self, path: Path) -> None:
        """Take in a file that is there, unless its size or its first line is wrong."""
        try:
            with path.open("rb") as file:
                head = file.readline(_LONGEST_HEAD_BYTES)
            offer, status = documents.read(Offer, head), path.stat()
        except (OSError, MalformedMessage) as fault:
            self._discard(path, path.name, str(fault))
            return
        entry = _Entry(path, offer, len(head), status.st_mtime_ns)
        if self._path(model_key(offer)) != path or status.st_size != entry.size_bytes:
            found = f"{path.name} has {status.st_size} bytes, not {entry.size_bytes}"
            self._discard(path, offer.variant, found)
            return
        self._entries[model_key(offer)] = entry

    def _draft(
        self, entry: _Entry, head: bytes, topology: bytes, weights: bytes | memoryview
    ) -> OSError | None:
        """Write beside, for there is never half a model under its name; return what went wrong.

        It is not waited for the disk: what a loss of power leaves is found by its checksums.
        """
        draft = self._folder / _DRAFT
        try:
            with draft.open("wb") as file:
                for piece in (head, topology, weights):
                    file.write(piece)
            os.utime(draft, ns=(entry.used_ns, entry.used_ns))
        except OSError as fault:
            return fault
        return None

    def _rename(self, entry: _Entry) -> OSError | None:
        """Make a model of the draft; return what went wrong."""
        try:
            (self._folder / _DRAFT).replace(entry.path)
        except OSError as fault:
            return fault
        self._entries[model_key(entry.offer)] = entry
        self._sort()
        self._tell(entry.offer.variant, "kept", f"in {entry.path.name}")
        return None

    def _would_fit(self, entry: _Entry, going: list[_Leaving]) -> bool:
        """Whether the disk has room for a model once others are gone and the draft is."""
        _unlinked(self._folder / _DRAFT)
        freed_bytes = sum(leaving.entry.size_bytes for leaving in going)
        try:
            free_bytes = shutil.disk_usage(self._folder).free
        except OSError as fault:
            _log.warning("how full the disk of %s is cannot be told: %s", self._folder, fault)
            return False
        return bool(going) and free_bytes + freed_bytes >= entry.size_bytes

    def _used(self, entry: _Entry) -> None:
        used_ns = self._now_ns()
        try:
            os.utime(entry.path, ns=(used_ns, used_ns))
        except OSError as fault:
            _log.warning("the use of %s is known until the next start only: %s", entry.path, fault)
        used = _Entry(entry.path, entry.offer, entry.head_bytes, used_ns)
        self._entries[model_key(entry.offer)] = used
        self._sort()

    # --- what goes ---

    def _going_for(self, new: _Entry) -> list[_Leaving]:
        """What has to go for a model: others of its name first, then by the limit."""
        key, variant = model_key(new.offer), new.offer.variant
        older: list[_Entry] = []
        rest: list[_Entry] = []
        for held, entry in self._entries.items():
            same = held == key or entry.offer.variant == variant
            (older if same else rest).append(entry)
        going = [_Leaving(entry, "replaced", "another one of its name came") for entry in older]
        return going + _over(rest, self._limit_bytes - new.size_bytes)

    def _let_go(self, going: list[_Leaving]) -> None:
        for leaving in going:
            self._remove(leaving.entry, leaving.state, leaving.reason)

    def _damaged(self, entry: _Entry, reason: str) -> NotHeld:
        self._remove(entry, "damaged", reason)
        return NotHeld(f"{entry.offer.variant} was dropped: {reason}")

    def _remove(self, entry: _Entry, state: str, reason: str) -> None:
        del self._entries[model_key(entry.offer)]
        self._sort()
        self._tell(entry.offer.variant, state, f"{reason}{_unlinked(entry.path)}")

    def _discard(self, path: Path, name: str, reason: str) -> None:
        self._tell(name, "damaged", f"{reason}{_unlinked(path)}")

    def _sort(self) -> None:
        ordered = sorted(self._entries.values(), key=lambda entry: entry.used_ns, reverse=True)
        self.held = tuple(entry.offer for entry in ordered)

    def _tell(self, variant: str, state: str, reason: str) -> None:
        self._log(
            "store",
            variant=variant,
            state=state,
            reason=reason,
            used_bytes=self.used_bytes,
            limit_bytes=self._limit_bytes,
        )


def _over(entries: list[_Entry], limit_bytes: int) -> list[_Leaving]:
    """Those that have to go for the rest to take no more than a limit: the longest unused."""
    going, used_bytes = [], sum(entry.size_bytes for entry in entries)
    for entry in sorted(entries, key=lambda entry: entry.used_ns):
        if used_bytes <= limit_bytes:
            break
        used_bytes -= entry.size_bytes
        going.append(_Leaving(entry, "evicted", "it was not used for the longest time"))
    return going


def _unlinked(path: Path) -> str:
    """Remove a file; where that fails, return what is to be added to the reason."""
    try:
        path.unlink(missing_ok=True)
    except OSError as fault:
        return f"; its file stays: {fault}"
    return ""


def _locked(folder: Path) -> int:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OSError(f"{folder} is the store of another device; give each its own") from None
    return handle
