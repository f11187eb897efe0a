import pytest

from af_client.experiments.damage import RATES
from af_client.experiments.forms import Form
from af_client.experiments.losses import explore, single_loss, weight_costs
from af_client.experiments.subjects import Subject
from af_client.experiments.topologies import topology_costs, topology_fate
from af_client.models.labelled import LabelledSet

SEEDS = 6


def chosen(every: tuple[Subject, ...], form: Form, *, sheltered: bool) -> Subject:
    return next(each for each in every if each.form is form and each.sheltered is sheltered)


def test_costs_come_for_every_rate_and_repair_only_where_the_biases_are_safe(
    every_subject: tuple[Subject, ...], held_out: LabelledSet
) -> None:
    together = weight_costs(chosen(every_subject, Form.INT8, sheltered=False), held_out, 2)
    apart = weight_costs(chosen(every_subject, Form.INT8, sheltered=True), held_out, 2)
    assert [cost.per for cost in together] == list(RATES)
    assert [(cost.repaired, cost.per) for cost in apart] == [
        (repaired, per) for repaired in (False, True) for per in RATES
    ]


def test_nothing_lost_costs_nothing(
    every_subject: tuple[Subject, ...], held_out: LabelledSet
) -> None:
    subject = chosen(every_subject, Form.FLOAT32, sheltered=True)
    cost = weight_costs(subject, held_out, SEEDS)[0]
    assert (cost.per, cost.lost_mean, cost.undamaged) == (1e-5, 0, 1)
    assert cost.mean == pytest.approx(subject.accuracy)
    assert cost.lowest == pytest.approx(subject.accuracy)


def test_unsigned_weights_are_ruined_at_one_loss_in_ten_and_repaired_by_one_round(
    every_subject: tuple[Subject, ...], held_out: LabelledSet
) -> None:
    subject = chosen(every_subject, Form.DYNAMIC_QUINT8, sheltered=True)
    costs = {(each.repaired, each.per): each for each in weight_costs(subject, held_out, SEEDS)}
    ruined, repaired = costs[False, 0.1], costs[True, 0.1]
    assert ruined.mean < subject.accuracy - 0.1
    assert repaired.mean > ruined.mean
    assert repaired.lost_mean < ruined.lost_mean
    assert ruined.lowest <= ruined.p5 <= ruined.mean <= ruined.p95


def test_packets_and_losses_are_counted(
    every_subject: tuple[Subject, ...], held_out: LabelledSet
) -> None:
    cost = weight_costs(chosen(every_subject, Form.FLOAT32, sheltered=True), held_out, SEEDS)[5]
    assert (cost.per, cost.packets) == (0.1, 72)
    assert 1 <= cost.lost_mean <= 16
    assert cost.undamaged < 1


def test_a_packet_that_holds_a_row_of_pixels_costs_accuracy(
    every_subject: tuple[Subject, ...], held_out: LabelledSet
) -> None:
    single = single_loss(chosen(every_subject, Form.DYNAMIC_QINT8, sheltered=True), held_out)
    assert (single.packets, single.places) == (18, 18)
    assert single.lowest < single.mean < single.accuracy


def test_a_topology_with_biases_in_it_loads_although_packets_of_it_are_missing(
    every_subject: tuple[Subject, ...], held_out: LabelledSet
) -> None:
    fate = topology_fate(chosen(every_subject, Form.FLOAT32, sheltered=True), held_out)
    assert (fate.packets, fate.places) == (4, 4)
    assert fate.refused + fate.unnoticed + fate.other_model == 4
    assert fate.refused > 0
    assert fate.other_model > 0


def test_a_topology_of_one_packet_does_not_load_without_it(
    every_subject: tuple[Subject, ...], held_out: LabelledSet
) -> None:
    fate = topology_fate(chosen(every_subject, Form.FLOAT32, sheltered=False), held_out)
    assert (fate.packets, fate.refused) == (1, 1)


def test_shares_of_topologies_add_up_to_all(
    every_subject: tuple[Subject, ...], held_out: LabelledSet
) -> None:
    costs = topology_costs(chosen(every_subject, Form.INT8, sheltered=True), held_out, 10)
    assert [cost.per for cost in costs] == list(RATES)
    for cost in costs:
        shares = cost.whole + cost.refused + cost.unnoticed + cost.other_model
        assert shares == pytest.approx(1)
    assert costs[0].whole == 1
    assert costs[-1].whole < 0.9


def test_exploring_tells_how_far_it_is(
    every_subject: tuple[Subject, ...], held_out: LabelledSet
) -> None:
    told: list[str] = []
    findings = explore(every_subject[:2], held_out, 1, told.append)
    assert told == ["1/2: digits-small, float32", "2/2: digits-small, float32"]
    assert len(findings.fates) == 2
    assert len(findings.weights) == 3 * len(RATES)
    assert len(findings.topologies) == 2 * len(RATES)
