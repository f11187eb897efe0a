"""What models there are to choose from: the study's, as data, and those of a pool on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import cache
from importlib import resources
from math import ceil

import cattrs
import yaml

from af_client.models.pool import Manifest
from af_client.modelserver.selection import Variant

#: The study's bound on a model's topology, 1 Mbit; a weightier one is not known of any.
MAX_TOPOLOGY_BYTES = 125_000


class Precision(Enum):
    """How a weight is written."""

    FLOAT32 = "float32"
    INT8 = "int8"

    @property
    def bytes_per_parameter(self) -> int:
        """Return the size of one weight."""
        return 4 if self is Precision.FLOAT32 else 1


class MetBy(Enum):
    """How an application makes do with a download that takes a second."""

    #: A lesser model, installed beforehand, serves until the best one is there and replaces it.
    INTERIM_MODEL = "interim-model"
    #: The sensor is always on: the next model is predicted and fetched ahead of its use.
    PREDICTION = "prediction"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a published figure was read."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class PublishedAccuracy:
    """First guesses that are right among the ImageNet validation images, in percent."""

    top1_percent: float
    source: str


@dataclass(frozen=True, slots=True)
class ImageNetModel:
    """A model of the study; `accuracy` lacks a precision for which none was published."""

    name: str
    title: str
    parameters: int
    accuracy: Mapping[Precision, PublishedAccuracy]

    def weights_bytes(self, precision: Precision) -> int:
        """Return the size of all weights."""
        return self.parameters * precision.bytes_per_parameter

    def rate_bps(self, precision: Precision, download_latency_s: float = 1.0) -> int:
        """Return the net rate at which the weights arrive in time, as the study counts it."""
        return ceil(8 * self.weights_bytes(precision) / Fraction(download_latency_s))

    def variants(self) -> tuple[Variant, ...]:
        """Return the precisions of known accuracy, to be selected from."""
        return tuple(
            Variant(
                name=f"{self.name}-{precision.value}",
                accuracy=published.top1_percent / 100,
                topology_bytes=MAX_TOPOLOGY_BYTES,
                weights_bytes=self.weights_bytes(precision),
                precision=precision.value,
            )
            for precision, published in self.accuracy.items()
        )


@dataclass(frozen=True, slots=True)
class Application:
    """What an application expects: seconds for one recognition, and for a model's download."""

    name: str
    recognition_latency_s: float
    download_latency_s: float
    met_by: MetBy


@dataclass(frozen=True, slots=True)
class Requirement:
    """A figure that the study asks for, in `unit`: s, bps, or a share from 0 to 1.

    With both a minimum and a maximum it is a range: what is asked for depends on the model.
    """

    quantity: str
    unit: str
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The study's models, applications and requirements (by their id), with the sources."""

    sources: Mapping[str, Source]
    models: tuple[ImageNetModel, ...]
    applications: tuple[Application, ...]
    requirements: Mapping[str, Requirement]

    def variants(self) -> tuple[Variant, ...]:
        """Return every variant of known accuracy, in the order of the study's table."""
        return tuple(variant for model in self.models for variant in model.variants())


@cache
def catalogue() -> Catalogue:
    """Read the catalogue that ships with the package."""
    text = resources.files(__package__).joinpath("catalogue.yaml").read_text("utf-8")
    converter = cattrs.Converter(forbid_extra_keys=True)
    return converter.structure(yaml.safe_load(text), Catalogue)


def pool_variants(manifest: Manifest) -> tuple[Variant, ...]:
    """Return the variants of a pool, smallest first.

    A model whose accuracy nobody measured cannot be selected: its place in the order is not known.
    """
    return tuple(
        Variant(
            name=entry.name,
            accuracy=entry.accuracy,
            topology_bytes=entry.topology_bytes,
            weights_bytes=entry.weights_bytes,
            precision=entry.precision,
        )
        for entry in manifest.models
        if entry.accuracy is not None
    )
