"""Trace files as users measure them, and as they spoil them."""

from typing import Any

import pytest

from nef.domain.errors import InvalidRequest
from nef.network.simulator.traces import BadTraces, inlined


def naming(*names: str) -> dict[str, Any]:
    return {"ues": [{"id": name, "radio": {"trace_file": name}} for name in names]}


def radio(text: str) -> Any:
    return inlined(naming("t.csv"), {"t.csv": text}.__getitem__)["ues"][0]["radio"]


def test_a_sinr_becomes_a_trace_and_a_rate_a_trace_of_rates() -> None:
    assert radio("time_s,sinr_db\n0,12\n4.5,-1\n") == {"trace": [[0.0, 12.0], [4.5, -1.0]]}
    assert radio("rate_mbps,cell,time_s\n80.5,x,0\n") == {"rate_trace": [[0.0, 80.5]]}


def test_the_document_that_was_given_stays_as_it_is() -> None:
    document = naming("t.csv")
    inlined(document, lambda _: "time_s,sinr_db\n0,12\n")
    assert document == naming("t.csv")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must name the columns time_s and sinr_db or rate_mbps, not nothing"),
        ("a,b\n1,2\n", "not a, b"),
        ("time_s,sinr_db,rate_mbps\n0,1,2\n", "must name the columns"),
        ("time_s,sinr_db\n", "no points"),
        ("time_s,sinr_db\n0,1\n2,x\n", "line 3: sinr_db must be a number, not 'x'"),
        ("time_s,sinr_db\n0,nan\n", "line 2: sinr_db must be a number"),
        ("time_s,sinr_db\n0\n", "line 2: sinr_db must be a number, not None"),
        ("time_s;sinr_db\n0;1,5\n", "separated by commas, not semicolons, and decimals by ."),
        ("time_s,sinr_db\n0,5,1,5\n", "line 2: more columns than the first line has; decimals"),
        ('time_s,sinr_db\n0,"1,5"\n', "line 2: more columns than the first line has; decimals"),
        ("time_s,sinr_db\n5,1\n5,2\n", "the time 5 must be later than 5"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_name(text: str, reason: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        radio(text)
    [param] = caught.value.params
    assert param.pointer == "/document/ues/0/radio/trace_file"
    assert param.reason.startswith("t.csv: ")
    assert reason in param.reason


def test_all_files_that_are_wrong_are_named_and_the_rest_can_be_checked() -> None:
    def read(name: str) -> str:
        return "time_s,sinr_db\n0,12\n" if name == "good.csv" else ""

    with pytest.raises(BadTraces) as caught:
        inlined(naming("one.csv", "good.csv", "two.csv"), read)
    places = [param.pointer for param in caught.value.params]
    assert places == [f"/document/ues/{n}/radio/trace_file" for n in (0, 2)]
    kinds = [list(ue["radio"]) for ue in caught.value.document["ues"]]
    assert kinds == [["sinr_db"], ["trace"], ["sinr_db"]]


@pytest.mark.parametrize("document", [None, [], {"ues": 7}, {"ues": [7]}, {"ues": [{"radio": 7}]}])
def test_what_is_no_scenario_is_left_to_those_who_check_its_shape(document: Any) -> None:
    assert inlined(document, lambda _: "") == document
