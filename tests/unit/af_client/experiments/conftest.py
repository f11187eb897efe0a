import pytest

from af_client.experiments.forms import joined
from af_client.experiments.subjects import Subject, subjects
from af_client.models.digits import held_out_images
from af_client.models.labelled import LabelledSet
from af_client.models.pool import Pool
from af_client.models.training import DEFAULT_SEED
from builders.models import trained_pool

SMALL = "digits-small"


@pytest.fixture(scope="session")
def pool() -> Pool:
    return trained_pool()


@pytest.fixture(scope="session")
def held_out() -> LabelledSet:
    images = held_out_images(DEFAULT_SEED)
    return LabelledSet("digits", images.pixels[:200], images.labels[:200])


@pytest.fixture(scope="session")
def every_subject(pool: Pool, held_out: LabelledSet) -> tuple[Subject, ...]:
    return subjects(SMALL, joined(pool.split(SMALL)), held_out)
