"""Real images, and the ones that training never sees."""

import numpy as np

from af_client.models.digits import Images, held_out_images, training_images


def as_rows(images: Images) -> set[bytes]:
    return {image.tobytes() for image in images.pixels}


def test_every_image_is_either_trained_on_or_held_out() -> None:
    train, held_out = training_images(seed=3), held_out_images(seed=3)
    assert (len(train), len(held_out)) == (1198, 599)
    assert not as_rows(train) & as_rows(held_out)


def test_every_class_is_held_out_in_its_proportion() -> None:
    train, held_out = training_images(seed=3), held_out_images(seed=3)
    halves = np.bincount(train.labels) / 2
    assert np.abs(np.bincount(held_out.labels) - halves).max() <= 1


def test_the_division_is_the_seed_s() -> None:
    once, again, other = (held_out_images(seed) for seed in (3, 3, 4))
    assert np.array_equal(once.pixels, again.pixels)
    assert np.array_equal(once.labels, again.labels)
    assert as_rows(once) != as_rows(other)


def test_images_are_8_by_8_pixels_of_16_shades() -> None:
    images = held_out_images(seed=3)
    assert images.pixels.shape == (599, 8, 8)
    assert images.pixels.dtype == np.float32
    assert (images.pixels.min(), images.pixels.max()) == (0, 16)
    assert set(images.labels) == set(range(10))
