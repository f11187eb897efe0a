"""ResNet with bottlenecks: He and others, "Deep residual learning" (2015).

As torchvision has it: the stride is in the 3 x 3 convolution.
"""

from af_client.models.architectures.layers import Blueprint, Value

SIDE = 224
_WIDTHS = (64, 128, 256, 512)
_EXPANSION = 4
#: Of the last normalisation in a block: fifty sums of equals would grow beyond all bounds.
_BRANCH_GAIN = 0.3


def resnet50(b: Blueprint) -> Value:
    """Sixteen blocks."""
    return _resnet(b, (3, 4, 6, 3))


def resnet152(b: Blueprint) -> Value:
    """Fifty blocks."""
    return _resnet(b, (3, 8, 36, 3))


def _resnet(b: Blueprint, blocks: tuple[int, ...]) -> Value:
    x = b.relu(b.normed(b.images, 64, 7, stride=2, pad=3))
    x = b.max_pool(x, 3, 2, pad=1)
    for stage, (width, count) in enumerate(zip(_WIDTHS, blocks, strict=True)):
        for block in range(count):
            x = _bottleneck(b, x, width, stride=2 if stage and not block else 1)
    return b.dense(b.average(x), 512 * _EXPANSION, 1000)


def _bottleneck(b: Blueprint, x: Value, width: int, *, stride: int) -> Value:
    channels = width * _EXPANSION
    branch = b.relu(b.normed(x, width, 1))
    branch = b.relu(b.normed(branch, width, 3, stride=stride, pad=1))
    branch = b.normed(branch, channels, 1, gain=_BRANCH_GAIN)
    if stride != 1 or x.channels != channels:
        x = b.normed(x, channels, 1, stride=stride)
    return b.relu(b.add(branch, x))
