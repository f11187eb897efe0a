"""The study's models as graphs of their true architecture and size, with drawn weights.

They are for transfer, load and timing. They recognise nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from af_client.models.architectures import (
    alexnet,
    googlenet,
    inception,
    mobilenet,
    resnet,
    vgg,
)
from af_client.models.architectures.layers import Blueprint, Value


@dataclass(frozen=True, slots=True)
class Architecture:
    """How a model is built; `published` is the number of its parameters in the source."""

    build: Callable[[Blueprint], Value]
    side: int
    published: int


#: By the names of the catalogue. Published: `num_params` of torchvision's weights, of Inception-V3
#: less the auxiliary classifier; of MobileNet the trainable ones of Keras' implementation.
ARCHITECTURES: Mapping[str, Architecture] = {
    "alexnet": Architecture(alexnet.alexnet, alexnet.SIDE, 61_100_840),
    "vgg16": Architecture(vgg.vgg16, vgg.SIDE, 138_357_544),
    "resnet-152": Architecture(resnet.resnet152, resnet.SIDE, 60_192_808),
    "resnet-50": Architecture(resnet.resnet50, resnet.SIDE, 25_557_032),
    "googlenet": Architecture(googlenet.googlenet, googlenet.SIDE, 6_624_904),
    "inception-v3": Architecture(inception.inception_v3, inception.SIDE, 27_161_264 - 3_326_696),
    "mobilenet-224": Architecture(mobilenet.mobilenet, mobilenet.SIDE, 4_231_976),
}
