"""Inception-V3: Szegedy and others, "Rethinking the Inception architecture" (2015).

As torchvision has it, without the auxiliary classifier (3 326 696 parameters more), which serves
training only. Its images have 299 pixels a side.
"""

from af_client.models.architectures.layers import Blueprint, Size, Value

SIDE = 299


def inception_v3(b: Blueprint) -> Value:
    """Eleven blocks of five kinds."""
    x = _unit(b, _unit(b, b.images, 32, 3, stride=2), 32, 3)
    x = b.max_pool(_unit(b, x, 64, 3, pad=1), 3, 2)
    x = b.max_pool(_unit(b, _unit(b, x, 80, 1), 192, 3), 3, 2)
    for pooled in (32, 64, 64):
        x = _squares(b, x, pooled)
    x = _first_reduction(b, x)
    for width in (128, 160, 160, 192):
        x = _sevens(b, x, width)
    x = _second_reduction(b, x)
    x = _fans(b, _fans(b, x))
    return b.dense(b.average(x), 2048, 1000)


def _squares(b: Blueprint, x: Value, pooled: int) -> Value:
    thrice = _unit(b, _unit(b, x, 64, 1), 96, 3, pad=1)
    return b.concat(
        [
            _unit(b, x, 64, 1),
            _unit(b, _unit(b, x, 48, 1), 64, 5, pad=2),
            _unit(b, thrice, 96, 3, pad=1),
            _pooled(b, x, pooled),
        ]
    )


def _first_reduction(b: Blueprint, x: Value) -> Value:
    thrice = _unit(b, _unit(b, x, 64, 1), 96, 3, pad=1)
    return b.concat(
        [_unit(b, x, 384, 3, stride=2), _unit(b, thrice, 96, 3, stride=2), b.max_pool(x, 3, 2)]
    )


def _sevens(b: Blueprint, x: Value, width: int) -> Value:
    """Convolve over 7 x 7, as a row and a column."""
    once = _tall(b, _wide(b, _unit(b, x, width, 1), width, 7), 192, 7)
    twice = _wide(b, _tall(b, _unit(b, x, width, 1), width, 7), width, 7)
    twice = _wide(b, _tall(b, twice, width, 7), 192, 7)
    return b.concat([_unit(b, x, 192, 1), once, twice, _pooled(b, x, 192)])


def _second_reduction(b: Blueprint, x: Value) -> Value:
    sevens = _tall(b, _wide(b, _unit(b, x, 192, 1), 192, 7), 192, 7)
    return b.concat(
        [
            _unit(b, _unit(b, x, 192, 1), 320, 3, stride=2),
            _unit(b, sevens, 192, 3, stride=2),
            b.max_pool(x, 3, 2),
        ]
    )


def _fans(b: Blueprint, x: Value) -> Value:
    """Convolve by a row and by a column, and keep both."""
    one = _unit(b, x, 384, 1)
    two = _unit(b, _unit(b, x, 448, 1), 384, 3, pad=1)
    fanned = [side(b, stem, 384, 3) for stem in (one, two) for side in (_wide, _tall)]
    return b.concat([_unit(b, x, 320, 1), *fanned, _pooled(b, x, 192)])


def _pooled(b: Blueprint, x: Value, channels: int) -> Value:
    return _unit(b, b.average_pool(x, 3, pad=1), channels, 1)


def _wide(b: Blueprint, x: Value, channels: int, length: int) -> Value:
    return _unit(b, x, channels, (1, length), pad=(0, length // 2))


def _tall(b: Blueprint, x: Value, channels: int, length: int) -> Value:
    return _unit(b, x, channels, (length, 1), pad=(length // 2, 0))


def _unit(
    b: Blueprint, x: Value, channels: int, kernel: Size, *, stride: int = 1, pad: Size = 0
) -> Value:
    return b.relu(b.normed(x, channels, kernel, stride=stride, pad=pad))
