"""The columns of flows: what is worked out for many at once is what it is for each."""

from itertools import product

import numpy as np

from nef.network.simulator.cqi import Reliability
from nef.network.simulator.flows import Flow, Flows
from nef.network.simulator.scenario import Span

LADDERS = [
    ((0, Reliability.ORDINARY),),
    ((1_000_001, Reliability.ORDINARY), (500_000, Reliability.ORDINARY)),
    ((1_000_000, list(Reliability)[-1]), (400, Reliability.ORDINARY), (0, Reliability.ORDINARY)),
]
SPANS = [Span(0.0, 5.0), Span(5.0, 9.0)]
#: Of three UEs: heard well, heard only by ordinary transmissions, and not heard.
RATES = np.array([[400, 100, 0], *[[300, 0, 0]] * (len(Reliability) - 1)])


def test_many_flows_need_what_each_of_them_needs() -> None:
    flows = Flows()
    for number, (ue, ladder, span, covered) in enumerate(
        product(range(3), LADDERS, SPANS, (False, True))
    ):
        flows.add(Flow(ue, (1, 0.0, number, "s", 0), ladder, span, covered))
    rows = np.arange(3 * len(LADDERS) * len(SPANS) * 2)
    together = flows.needed(rows, flows.ue[rows], RATES, 2.0)
    alone = [
        flows.needed_by(row, tuple(RATES[:, flows.ue[row]].tolist()), 2.0) for row in rows.tolist()
    ]
    assert together.tolist() == alone
