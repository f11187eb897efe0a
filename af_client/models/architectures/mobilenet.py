"""1.0 MobileNet-224: Howard and others, "MobileNets" (2017)."""

from af_client.models.architectures.layers import Blueprint, Value

SIDE = 224
#: Channels and stride of each block.
_BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *[(512, 1)] * 5,
    (1024, 2),
    (1024, 1),
)


def mobilenet(b: Blueprint) -> Value:
    """Thirteen blocks: each channel by itself, then all channels of each pixel."""
    x = b.relu6(b.normed(b.images, 32, 3, stride=2, pad=1))
    for channels, stride in _BLOCKS:
        x = b.relu6(b.normed(x, x.channels, 3, stride=stride, pad=1, groups=x.channels))
        x = b.relu6(b.normed(x, channels, 1))
    return b.dense(b.average(x), 1024, 1000)
