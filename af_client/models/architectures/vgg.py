"""VGG16: Simonyan and Zisserman, "Very deep convolutional networks" (2014), configuration D."""

from af_client.models.architectures.layers import Blueprint, Value

SIDE = 224
_STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def vgg16(b: Blueprint) -> Value:
    """Thirteen convolutions in five stages, then three dense layers."""
    x = b.images
    for channels, count in _STAGES:
        for _ in range(count):
            x = b.conv(x, channels, 3, pad=1)
        x = b.max_pool(x, 2, 2)
    x = b.relu(b.dense(x, 512 * 7 * 7, 4096))
    x = b.relu(b.dense(x, 4096, 4096))
    return b.dense(x, 4096, 1000)
