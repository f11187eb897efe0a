from dataclasses import replace

import pytest

from af_client.experiments.forms import joined
from af_client.experiments.subjects import Subject, subjects
from af_client.models.digits import Images, held_out_images
from af_client.models.pool import Pool
from builders.models import trained_pool

SMALL = "digits-small"


@pytest.fixture(scope="session")
def pool() -> Pool:
    return trained_pool()


@pytest.fixture(scope="session")
def held_out(pool: Pool) -> Images:
    images = held_out_images(pool.manifest.seed)
    return replace(images, pixels=images.pixels[:200], labels=images.labels[:200])


@pytest.fixture(scope="session")
def every_subject(pool: Pool, held_out: Images) -> tuple[Subject, ...]:
    return subjects(SMALL, joined(pool.split(SMALL)), held_out)
