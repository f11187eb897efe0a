"""The study's figures as data, held against its tables."""

import pytest

from af_client.models.pool import FORMAT_VERSION, Manifest, entry_of
from af_client.models.split import Split
from af_client.modelserver.catalogue import MetBy, Precision, catalogue, pool_variants
from builders.models import variant

MB, MBPS = 10**6, 10**6

#: Title, 32 bit: MByte and Mbps, 8 bit: MByte and Mbps.
TABLE = [
    ("AlexNet", 240, 1920, 60, 480),
    ("VGG16", 552, 4416, 138, 1104),
    ("ResNet-152", 240, 1920, 60, 480),
    ("ResNet-50", 100, 800, 25, 200),
    ("GoogLeNet", 27.2, 217.6, 6.8, 54.4),
    ("Inception-V3", 92, 736, 23, 184),
    ("1.0 MobileNet-224", 16.8, 134.4, 4.2, 33.6),
]


def test_bytes_and_rates_follow_from_the_parameters_as_in_the_study_s_table() -> None:
    found = [
        (
            model.title,
            *(
                value
                for precision in (Precision.FLOAT32, Precision.INT8)
                for value in (
                    model.weights_bytes(precision) / MB,
                    model.rate_bps(precision) / MBPS,
                )
            ),
        )
        for model in catalogue().models
    ]
    assert found == TABLE


def test_half_the_time_takes_twice_the_rate() -> None:
    alexnet = catalogue().models[0]
    assert alexnet.rate_bps(Precision.INT8, download_latency_s=0.5) == 960 * MBPS


def test_every_accuracy_has_a_source_with_an_address() -> None:
    sources = catalogue().sources
    cited = {each.source for model in catalogue().models for each in model.accuracy.values()}
    assert cited == sources.keys()
    assert all(source.url.startswith("https://") and source.title for source in sources.values())


def test_every_model_has_an_accuracy_at_32_bit() -> None:
    for model in catalogue().models:
        assert 50 < model.accuracy[Precision.FLOAT32].top1_percent < 80, model.name


def test_8_bit_costs_little_accuracy_where_it_was_published() -> None:
    compared = [m for m in catalogue().models if Precision.INT8 in m.accuracy]
    assert len(compared) == 4
    for model in compared:
        loss = (
            model.accuracy[Precision.FLOAT32].top1_percent
            - model.accuracy[Precision.INT8].top1_percent
        )
        assert -0.1 < loss < 1.5, model.name


def test_only_what_has_a_published_accuracy_can_be_selected() -> None:
    names = [each.name for each in catalogue().variants()]
    assert len(names) == len(set(names)) == 7 + 4
    assert "resnet-50-int8" in names
    assert "vgg16-int8" not in names


def test_a_variant_of_the_study_takes_the_largest_topology_it_allows() -> None:
    mobilenet = next(v for v in catalogue().variants() if v.name == "mobilenet-224-int8")
    assert (mobilenet.topology_bytes * 8, mobilenet.weights_bytes) == (10**6, 4_200_000)
    assert mobilenet.accuracy == pytest.approx(0.697)
    assert mobilenet.precision == "int8"


def test_seven_applications_give_a_model_one_second() -> None:
    applications = catalogue().applications
    assert len(applications) == 7
    assert {application.download_latency_s for application in applications} == {1.0}
    assert [application.recognition_latency_s for application in applications] == [
        *[1.0] * 3,
        0.033,
        *[0.005] * 3,
    ]


def test_only_the_first_two_applications_can_do_with_a_lesser_model_meanwhile() -> None:
    ways = [application.met_by for application in catalogue().applications]
    assert ways == [MetBy.INTERIM_MODEL] * 2 + [MetBy.PREDICTION] * 5


def test_the_requirements_are_those_of_the_study() -> None:
    found = {
        name: (each.minimum, each.maximum, each.unit)
        for name, each in catalogue().requirements.items()
    }
    assert found == {
        "P.R.6.1-001": (None, 1.0, "s"),
        "P.R.6.1-002": (33.6 * MBPS, 1.1e9, "bps"),
        "P.R.6.1-003": (0.99999, None, "share"),
        "P.R.6.1-004/topology": (0.99999, None, "share"),
        "P.R.6.1-004/weights": (0.999, None, "share"),
    }


def test_the_range_of_rates_is_that_of_the_8_bit_models() -> None:
    rates = [model.rate_bps(Precision.INT8) for model in catalogue().models]
    asked = catalogue().requirements["P.R.6.1-002"]
    assert min(rates) == asked.minimum
    assert max(rates) == pytest.approx(asked.maximum, rel=0.01)


def test_a_pool_s_models_are_variants_like_any_other() -> None:
    parts = Split(topology=b"four", weights=b"twelve bytes")
    entry = entry_of("tiny", parts, accuracy=0.5, parameters=3)
    manifest = Manifest(FORMAT_VERSION, 1, seed=1, held_out_images=4, models=(entry,))
    assert pool_variants(manifest) == (variant("tiny", 0.5, weights_bytes=12, topology_bytes=4),)
