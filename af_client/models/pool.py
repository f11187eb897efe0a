"""A folder of split models: `manifest.json`, and for each model its topology and its weights."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from af_client.models.manifest import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    Manifest,
    ModelEntry,
    PoolUnusable,
    Port,
    Provenance,
    as_json,
    entry_of,
    read_manifest,
)
from af_client.models.split import WEIGHTS_FILE, Split, checksum

__all__ = [
    "FORMAT_VERSION",
    "Installation",
    "Manifest",
    "ModelEntry",
    "Pool",
    "PoolUnusable",
    "Port",
    "Provenance",
    "entry_of",
    "installation",
    "remove",
    "write_pool",
]

TOPOLOGY_FILE = "topology.onnx"
_DRAFT = ".draft-"
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Pool:
    """A pool on disk; its parts are read when they are asked for, and checked each time."""

    def __init__(self, folder: Path) -> None:
        """Read the manifest; raises PoolUnusable where there is none that fits."""
        self.folder = folder
        self.manifest = read_manifest(folder)

    def entry(self, name: str) -> ModelEntry:
        """Return what is known of a model; raises LookupError."""
        for entry in self.manifest.models:
            if entry.name == name:
                return entry
        raise LookupError(f"{self.folder} holds no model {name!r}")

    def split(self, name: str) -> Split:
        """Read a model; raises PoolUnusable where a file is not what the manifest says."""
        entry = self.entry(name)
        return Split(
            self._part(name, TOPOLOGY_FILE, entry.topology_sha256),
            self._part(name, WEIGHTS_FILE, entry.weights_sha256),
        )

    def check(self) -> None:
        """Read everything once; raises PoolUnusable for the first part that is wrong."""
        for entry in self.manifest.models:
            self.split(entry.name)

    def _part(self, name: str, file: str, expected_sha256: str) -> bytes:
        path = self.folder / name / file
        advice = "remove the model, and train, build or add it anew"
        try:
            part = path.read_bytes()
        except OSError as error:
            raise PoolUnusable(f"{path} cannot be read ({error}); {advice}") from error
        found = checksum(part)
        if found != expected_sha256:
            raise PoolUnusable(
                f"{path} is not what the manifest describes (its SHA-256 is {found[:12]}…, not"
                f" {expected_sha256[:12]}…); {advice}"
            )
        return part


@dataclass(frozen=True, slots=True)
class Written:
    """Sizes and checksums of parts as they were written."""

    topology_bytes: int
    topology_sha256: str
    weights_bytes: int
    weights_sha256: str


class Installation:
    """Models on their way into a pool: drafts, until all of them are there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.entries: list[ModelEntry] = []

    def write(self, name: str, topology: bytes, weights: Iterable[bytes]) -> Written:
        """Write the parts of a model into its draft, the weights piece by piece."""
        draft = self.draft(name)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        (draft / TOPOLOGY_FILE).write_bytes(topology)
        size, running = 0, sha256()
        with (draft / WEIGHTS_FILE).open("wb") as file:
            for piece in weights:
                file.write(piece)
                running.update(piece)
                size += len(piece)
        return Written(len(topology), checksum(topology), size, running.hexdigest())

    def add(self, entry: ModelEntry, split: Split | None = None) -> None:
        """List a model; without a split it was written before."""
        if split is not None:
            self.write(entry.name, split.topology, [split.weights])
        self.entries.append(entry)

    def refuse_taken(self, name: str) -> None:
        """Raise PoolUnusable where the pool holds a model of this name already."""
        refuse_taken(_manifest_or_empty(self._folder), [name], self._folder)

    def draft(self, name: str) -> Path:
        """Return the folder in which a model waits for the others."""
        return self._folder / f"{_DRAFT}{name}"


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """Put models into a pool, all of them or none.

    The folder is made where there is none. Raises PoolUnusable for a name that is taken, and
    whatever came up inside, a full disk for instance; then the pool is as it was.
    """
    with _drafting(folder) as new:
        yield new
        manifest = _manifest_or_empty(folder)
        refuse_taken(manifest, [entry.name for entry in new.entries], folder)
        _put_in(folder, new, manifest)


@contextmanager
def _drafting(folder: Path) -> Iterator[Installation]:
    """Hold a pool, and leave no draft in it, nor an empty folder that was not there."""
    created = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _locked(folder):
            try:
                yield Installation(folder)
            finally:
                for entry in folder.glob(f"{_DRAFT}*"):
                    shutil.rmtree(entry, ignore_errors=True)
    except BaseException:
        if created:
            with suppress(OSError):
                folder.rmdir()
        raise


def _put_in(folder: Path, new: Installation, manifest: Manifest) -> None:
    """Move the drafts to their places, and write the manifest last: what it lists is complete."""
    names = {entry.name for entry in new.entries}
    moved = []
    try:
        for name in sorted(names):
            target = folder / name
            old = folder / f"{_DRAFT}old-{name}"
            if target.exists():
                target.replace(old)
            moved.append((target, old))
            new.draft(name).replace(target)
        kept = tuple(entry for entry in manifest.models if entry.name not in names)
        write_manifest(folder, replace(manifest, models=(*kept, *new.entries)))
    except BaseException:
        for target, old in moved:
            shutil.rmtree(target, ignore_errors=True)
            if old.exists():
                old.replace(target)
        raise


def refuse_taken(manifest: Manifest, names: Iterable[str], folder: Path) -> None:
    """Raise PoolUnusable where a pool holds a model of one of these names already."""
    taken = sorted({entry.name for entry in manifest.models} & set(names))
    if taken:
        raise PoolUnusable(
            f"{folder} holds a model {taken[0]!r} already; remove it first, or choose another name"
        )


def remove(folder: Path, name: str) -> ModelEntry:
    """Take a model out of a pool; raises LookupError, PoolUnusable, OSError.

    After an OSError it is still listed, on a full disk without its parts: remove it again.
    """
    read_manifest(folder)
    with _locked(folder):
        pool = Pool(folder)
        entry = pool.entry(name)
        rest = tuple(each for each in pool.manifest.models if each.name != name)
        without = replace(pool.manifest, models=rest)
        try:
            write_manifest(folder, without)
        except OSError as fault:
            if fault.errno not in _FULL:
                raise
            # What is to go anyway makes the room for the manifest.
            shutil.rmtree(folder / name, ignore_errors=True)
            write_manifest(folder, without)
        # Listed no more: what a crash leaves of it now makes room for the next of its name.
        shutil.rmtree(folder / name, ignore_errors=True)
    return entry


def write_pool(folder: Path, manifest: Manifest, splits: Mapping[str, Split]) -> None:
    """Put models into a pool under this manifest's head.

    Models of the same names are replaced, others stay; what is no pool any more is begun anew.
    """
    with _drafting(folder) as new:
        for entry in manifest.models:
            new.add(entry, splits[entry.name])
        try:
            others = _manifest_or_empty(folder).models
        except PoolUnusable:
            others = ()
        _put_in(folder, new, replace(manifest, models=others))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest as a whole, smallest model first, so that no reader ever meets half."""
    models = sorted(manifest.models, key=lambda each: each.topology_bytes + each.weights_bytes)
    ordered = replace(manifest, format_version=FORMAT_VERSION, models=tuple(models))
    path = folder / MANIFEST_FILE
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(f"{as_json(ordered)}\n", "utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _manifest_or_empty(folder: Path) -> Manifest:
    if (folder / MANIFEST_FILE).exists():
        return read_manifest(folder)
    return Manifest(FORMAT_VERSION, None, None, None, ())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one program at a time change a pool; readers need no lock."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
