"""What a pool says of its models: `manifest.json`."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import cattrs

from af_client.models.split import MAX_TOPOLOGY_BYTES, Split, checksum, compressed

#: Of the folder's layout and the manifest's fields.
FORMAT_VERSION = 2
#: The fields of version 1 are the first ones here; the others have defaults.
_READABLE = (1, FORMAT_VERSION)
MANIFEST_FILE = "manifest.json"
#: A model's name is its folder's, so it must not lead out of the pool.
NAME_RULE = "letters, digits, '.', '_' and '-', 64 at most"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class PoolUnusable(Exception):
    """The folder is no pool of models, or not all of one; `str()` says what to do."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a model: its element type (`float32`, …), and null for a free size."""

    name: str
    type: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the weights come from: `trained` here, `given` in a file, or `seeded`, and of no use.

    `source` is the file or recipe, `sha256` that of the file, `quantisation` the way to 8 bits.
    """

    weights: str
    source: str
    sha256: str | None = None
    quantisation: str | None = None


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """What the manifest says of one model.

    `accuracy` is the share of a labelled set that the model with all of its weights gets right,
    from 0 to 1, or null where none was measured; `labelled_set` names the set.
    """

    name: str
    precision: str
    accuracy: float | None
    parameters: int
    topology_bytes: int
    topology_sha256: str
    weights_bytes: int
    weights_sha256: str
    topology_compressed_bytes: int | None = None
    labelled_set: str | None = None
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    provenance: Provenance | None = None

    @property
    def topology_too_large(self) -> bool:
        """Tell whether the topology exceeds the study's 1 Mbit."""
        return self.topology_bytes > MAX_TOPOLOGY_BYTES


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a pool, smallest model first.

    Seed, recipe and number of images are those of the trained classifiers, null without them.
    """

    format_version: int
    recipe_version: int | None
    seed: int | None
    held_out_images: int | None
    models: tuple[ModelEntry, ...]


def entry_of(
    name: str,
    split: Split,
    *,
    accuracy: float | None,
    parameters: int,
    precision: str = "float32",
) -> ModelEntry:
    """Describe a model for the manifest; what else is known of it is put in by `replace`."""
    return ModelEntry(
        name=name,
        precision=precision,
        accuracy=accuracy,
        parameters=parameters,
        topology_bytes=len(split.topology),
        topology_sha256=checksum(split.topology),
        weights_bytes=len(split.weights),
        weights_sha256=checksum(split.weights),
        topology_compressed_bytes=len(compressed(split.topology)),
    )


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a pool; raises PoolUnusable where there is none that fits."""
    path = folder / MANIFEST_FILE
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        how = f"af-client models train --out {folder} makes some, af-client pool add takes yours"
        raise PoolUnusable(f"there are no models in {folder}; {how}") from None
    except (OSError, ValueError) as error:
        raise PoolUnusable(f"{path} is no manifest of models ({error})") from error
    version = document.get("format_version") if isinstance(document, dict) else None
    if version is not None and version not in _READABLE:
        raise PoolUnusable(
            f"{path} has the format {version}, this program reads"
            f" {' and '.join(map(str, _READABLE))}; make the pool anew"
        )
    try:
        manifest = cattrs.structure(document, Manifest)
    except (ValueError, cattrs.BaseValidationError) as error:
        raise PoolUnusable(f"{path} is no manifest of models ({error})") from error
    for entry in manifest.models:
        if not is_name(entry.name):
            raise PoolUnusable(
                f"{path} lists {entry.name!r}, which cannot be a model's name ({NAME_RULE});"
                " make the pool anew"
            )
    return manifest


def is_name(text: str) -> bool:
    """Tell whether a model can be called so: its name is that of a folder, and of a reference."""
    return _NAME.fullmatch(text) is not None


def as_json(part: Manifest | ModelEntry) -> str:
    """Write it as it stands in the file, indented."""
    return json.dumps(cattrs.unstructure(part), indent=2)
