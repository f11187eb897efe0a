"""What is counted can be read, and stays bounded."""

import json

from nef.network.userplane.counters import MAX_RELEASED_FLOWS, RelayCounters


def test_a_snapshot_is_json_and_does_not_move_with_the_counters() -> None:
    counters = RelayCounters(malformed=2)
    counters.flow("s/1").packets_in = 3
    shown = counters.snapshot()
    counters.flow("s/1").packets_in = 4
    read = json.loads(json.dumps(shown))
    assert (read["event"], read["malformed"], read["flows"]["s/1"]["packets_in"]) == (
        "counters", 2, 3,
    )  # fmt: skip
    assert not [name for name in read if name.startswith("_")]


def test_a_flow_that_comes_back_goes_on_counting() -> None:
    counters = RelayCounters()
    counters.flow("s/1").packets_in = 3
    counters.released("s/1")
    assert counters.flow("s/1").packets_in == 3


def test_the_oldest_released_flows_are_forgotten_and_no_living_one() -> None:
    counters = RelayCounters()
    for key in ("living", "back", "old"):
        counters.flow(key)
    counters.released("back")
    counters.released("old")
    counters.flow("back")
    for n in range(MAX_RELEASED_FLOWS):
        counters.flow(f"s/{n}")
        counters.released(f"s/{n}")
    assert "old" not in counters.flows
    assert {"living", "back", "s/0"} <= counters.flows.keys()
    assert len(counters.flows) == MAX_RELEASED_FLOWS + 2
