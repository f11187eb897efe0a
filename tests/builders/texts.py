"""Texts as pictures, labelled for a recogniser whose alphabet is in its file."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

#: Without what a person would not tell apart in this face either.
_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_HEIGHT, _WIDTH, _LENGTH = 48, 320, 8


def alphabet_of(model: onnx.ModelProto) -> dict[str, int]:
    """Return the class of each character; 0 is the blank of CTC."""
    (characters,) = [each.value for each in model.metadata_props if each.key == "character"]
    return {text: number for number, text in enumerate(characters.split("\n"), start=1)}


def labelled_texts(model: Path, out: Path, count: int, seed: int) -> None:
    """Write a labelled set of random words, eight characters each, black on white."""
    alphabet = alphabet_of(onnx.load(model))
    random = np.random.default_rng(seed)
    words = ["".join(random.choice(list(_LETTERS), _LENGTH)) for _ in range(count)]
    labels = [[alphabet[letter] for letter in word] for word in words]
    np.savez(out, inputs=np.stack([_picture(word) for word in words]), labels=np.array(labels))


def _picture(word: str) -> Any:
    face = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 28)
    image = Image.new("RGB", (_WIDTH, _HEIGHT), "white")
    ImageDraw.Draw(image).text((8, 6), word, font=face, fill="black")
    pixels = np.asarray(image, np.float32).transpose(2, 0, 1) / 255
    return (pixels - 0.5) / 0.5
