import pytest

from af_client.models.digits import Images, held_out_images
from af_client.models.pool import Pool
from builders.models import trained_pool


@pytest.fixture(scope="session")
def pool() -> Pool:
    return trained_pool()


@pytest.fixture(scope="session")
def held_out(pool: Pool) -> Images:
    assert pool.manifest.seed is not None
    return held_out_images(pool.manifest.seed)
