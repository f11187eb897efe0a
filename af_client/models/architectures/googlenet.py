"""GoogLeNet: Szegedy and others, "Going deeper with convolutions" (2014).

As torchvision has it, whose accuracy the catalogue cites: with normalisation, with 3 x 3 in the
place of 5 x 5, and without the two auxiliary classifiers, which serve training only.
"""

from af_client.models.architectures.layers import Blueprint, Value

SIDE = 224
#: Of each block: 1x1; 3x3 reduced, 3x3; "5x5" reduced, "5x5"; after pooling. None is a pooling.
_BLOCKS = (
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    None,
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    None,
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)


def googlenet(b: Blueprint) -> Value:
    """Nine blocks of four branches."""
    x = _unit(b, b.images, 64, 7, stride=2, pad=3)
    x = b.max_pool(x, 3, 2, ceil=True)
    x = _unit(b, _unit(b, x, 64, 1), 192, 3, pad=1)
    x = b.max_pool(x, 3, 2, ceil=True)
    for place, block in enumerate(_BLOCKS):
        if block is None:
            x = b.max_pool(x, 3 if place == 2 else 2, 2, ceil=True)
        else:
            x = _block(b, x, block)
    return b.dense(b.average(x), 1024, 1000)


def _block(b: Blueprint, x: Value, sizes: tuple[int, ...]) -> Value:
    one, three_reduced, three, five_reduced, five, pooled = sizes
    return b.concat(
        [
            _unit(b, x, one, 1),
            _unit(b, _unit(b, x, three_reduced, 1), three, 3, pad=1),
            _unit(b, _unit(b, x, five_reduced, 1), five, 3, pad=1),
            _unit(b, b.max_pool(x, 3, 1, pad=1, ceil=True), pooled, 1),
        ]
    )


def _unit(
    b: Blueprint, x: Value, channels: int, kernel: int, *, stride: int = 1, pad: int = 0
) -> Value:
    return b.relu(b.normed(x, channels, kernel, stride=stride, pad=pad))
