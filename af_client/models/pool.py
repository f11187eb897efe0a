"""A folder of split models: `manifest.json`, and for each model its topology and its weights."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cattrs

from af_client.models.split import WEIGHTS_FILE, Split, checksum

#: Of the folder's layout and the manifest's fields.
FORMAT_VERSION = 1
_MANIFEST = "manifest.json"
_TOPOLOGY_FILE = "topology.onnx"


class PoolUnusable(Exception):
    """The folder is no pool of models, or not all of one; `str()` says what to do."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """What the manifest says of one model.

    `accuracy` is the share of the held-out images that it recognises, from 0 to 1, measured with
    the exported model and all of its weights.
    """

    name: str
    precision: str
    accuracy: float
    parameters: int
    topology_bytes: int
    topology_sha256: str
    weights_bytes: int
    weights_sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a pool, smallest model first, and from which seed and recipe it was made."""

    format_version: int
    recipe_version: int
    seed: int
    held_out_images: int
    models: tuple[ModelEntry, ...]


class Pool:
    """A pool on disk; its parts are read when they are asked for, and checked each time."""

    def __init__(self, folder: Path) -> None:
        """Read the manifest; raises PoolUnusable where there is none that fits."""
        self.folder = folder
        self.manifest = _read_manifest(folder)

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
            self._part(name, _TOPOLOGY_FILE, entry.topology_sha256),
            self._part(name, WEIGHTS_FILE, entry.weights_sha256),
        )

    def check(self) -> None:
        """Read everything once; raises PoolUnusable for the first part that is wrong."""
        for entry in self.manifest.models:
            self.split(entry.name)

    def _part(self, name: str, file: str, expected_sha256: str) -> bytes:
        path = self.folder / name / file
        try:
            part = path.read_bytes()
        except OSError as error:
            raise PoolUnusable(f"{path} cannot be read ({error}); train the models anew") from error
        if checksum(part) != expected_sha256:
            raise PoolUnusable(f"{path} is not what the manifest describes; train the models anew")
        return part


def entry_of(name: str, split: Split, *, accuracy: float, parameters: int) -> ModelEntry:
    """Describe a float32 model for the manifest."""
    return ModelEntry(
        name=name,
        precision="float32",
        accuracy=accuracy,
        parameters=parameters,
        topology_bytes=len(split.topology),
        topology_sha256=checksum(split.topology),
        weights_bytes=len(split.weights),
        weights_sha256=checksum(split.weights),
    )


def write_pool(folder: Path, manifest: Manifest, splits: Mapping[str, Split]) -> None:
    """Write the parts, and the manifest last: what has a manifest is complete."""
    for name, split in splits.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        _replace(folder / name / _TOPOLOGY_FILE, split.topology)
        _replace(folder / name / WEIGHTS_FILE, split.weights)
    document = json.dumps(cattrs.unstructure(manifest), indent=2)
    _replace(folder / _MANIFEST, f"{document}\n".encode())


def _replace(path: Path, content: bytes) -> None:
    """Write a file as a whole, so that no reader ever meets half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def _read_manifest(folder: Path) -> Manifest:
    path = folder / _MANIFEST
    try:
        manifest = cattrs.structure(json.loads(path.read_bytes()), Manifest)
    except FileNotFoundError:
        raise PoolUnusable(f"there are no models in {folder}; train them first") from None
    except (ValueError, cattrs.BaseValidationError) as error:
        raise PoolUnusable(f"{path} is no manifest of models ({error}); train anew") from error
    if manifest.format_version != FORMAT_VERSION:
        raise PoolUnusable(
            f"{path} has the format {manifest.format_version}, this program reads"
            f" {FORMAT_VERSION}; train the models anew"
        )
    return manifest
