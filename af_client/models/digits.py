"""scikit-learn's handwritten digits: 1797 scanned images, 8 x 8 pixels, ten classes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

Pixels = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

SIDE = 8
CLASSES = 10
#: The brightest pixel; 0 is background.
BRIGHTEST = 16
_HELD_OUT_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class Images:
    """Images and what they show: pixels (n, 8, 8) from 0 to 16, labels (n,) from 0 to 9."""

    pixels: Pixels
    labels: Labels

    def __len__(self) -> int:
        """How many images there are."""
        return len(self.labels)


def training_images(seed: int) -> Images:
    """Return the 1198 images that models are made from."""
    return _parts(seed)[0]


def held_out_images(seed: int) -> Images:
    """Return the 599 images that no training with the same seed has seen.

    They belong to the device, which measures on them how well a delivered model recognises.
    """
    return _parts(seed)[1]


def _parts(seed: int) -> tuple[Images, Images]:
    """Divide the images at random, each class in the same proportion on both sides."""
    digits = load_digits()
    pixels = digits.images.astype(np.float32)
    labels = digits.target.astype(np.int64)
    train, held_out = train_test_split(
        np.arange(len(labels)), test_size=_HELD_OUT_SHARE, stratify=labels, random_state=seed
    )
    return Images(pixels[train], labels[train]), Images(pixels[held_out], labels[held_out])
