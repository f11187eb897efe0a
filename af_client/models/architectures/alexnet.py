"""AlexNet as torchvision has it, after Krizhevsky, "One weird trick" (2014): one column."""

from af_client.models.architectures.layers import Blueprint, Value

SIDE = 224


def alexnet(b: Blueprint) -> Value:
    """Five convolutions and three dense layers, which hold 96 % of the parameters."""
    x = b.max_pool(b.conv(b.images, 64, 11, stride=4, pad=2), 3, 2)
    x = b.max_pool(b.conv(x, 192, 5, pad=2), 3, 2)
    x = b.conv(b.conv(b.conv(x, 384, 3, pad=1), 256, 3, pad=1), 256, 3, pad=1)
    x = b.max_pool(x, 3, 2)
    x = b.relu(b.dense(x, 256 * 6 * 6, 4096))
    x = b.relu(b.dense(x, 4096, 4096))
    return b.dense(x, 4096, 1000)
