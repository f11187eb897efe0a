"""The columns of flows: what is worked out for many at once is what it is for each."""

from itertools import product

import numpy as np

from nef.network.simulator.cqi import Reliability
from nef.network.simulator.flows import Flow, Flows
from nef.network.simulator.spans import Span

LADDERS = [
    ((0, Reliability.ORDINARY),),
    ((1_000_001, Reliability.ORDINARY), (500_000, Reliability.ORDINARY)),
    ((1_000_000, list(Reliability)[-1]), (400, Reliability.ORDINARY), (0, Reliability.ORDINARY)),
]
SPANS = [Span(0.0, 5.0), Span(5.0, 9.0), Span(8.0, 13.0, 10.0), Span(4.0, 11.0, 10.0)]
#: Of three UEs: heard well, heard only by ordinary transmissions, and not heard.
RATES = np.array([[400, 100, 0], *[[300, 0, 0]] * (len(Reliability) - 1)])


def test_many_flows_need_what_each_of_them_needs() -> None:
    flows, added = Flows(), []
    for number, (ue, ladder, span, covered) in enumerate(
        product(range(3), LADDERS, SPANS, (False, True))
    ):
        flow = Flow(ue, (1, 0.0, number, "s", 0), ladder, span, covered)
        added.append(flows.add(flow, near=ue))
    rows = np.array(added)
    together = flows.needed(rows, flows.ue[rows], RATES, 2.0)
    alone = [
        flows.needed_by(row, tuple(RATES[:, flows.ue[row]].tolist()), 2.0) for row in rows.tolist()
    ]
    assert together.tolist() == alone


def test_flows_of_a_cell_lie_together_in_whichever_order_they_come_and_what_is_free_is_used() -> (
    None
):
    flows, cells = Flows(), 3
    flow = Flow(0, (1, 0.0, 0, "s", 0), LADDERS[0])
    rows = [flows.add(flow, near=number % cells) for number in range(30 * cells)]
    for cell in range(cells):
        own = rows[cell::cells]
        assert sorted(own) == list(range(min(own), min(own) + 30))
    flows.remove(rows[1::cells])
    assert sorted(flows.add(flow, near=1) for _ in range(30)) == sorted(rows[1::cells])
    assert len(set(rows)) == len(rows)
