"""The error tree, as its page draws it, and what the messages say to the person who meets them."""

import re

import pytest

from nef.domain import errors
from nef.domain.errors import (
    Conflict,
    InvalidParam,
    InvalidRequest,
    InvalidValue,
    NefError,
    NotFound,
    ResourcesRefused,
    UeNotFound,
)
from nef.domain.units import BitRate


def subclasses(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(subclasses(sub) for sub in kind.__subclasses__()))


def test_the_drawing_has_every_error_of_the_tree() -> None:
    drawn = set(re.findall(r"^[│├└─ ]*([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)) - {"What"}
    own = {kind.__name__ for kind in subclasses(NefError) if kind.__module__ == errors.__name__}
    assert drawn == own


def test_a_value_that_cannot_be_is_a_value_error_to_python() -> None:
    with pytest.raises(ValueError, match="is not a bit rate"):
        BitRate.parse("fast")
    assert issubclass(InvalidValue, NefError)


def test_a_refused_request_names_each_parameter_with_its_reason() -> None:
    params = (InvalidParam("/a", "is odd"), InvalidParam("/b/0", "is missing", missing=True))
    refusal = InvalidRequest(*params)
    assert refusal.params == params
    assert str(refusal) == "/a: is odd; /b/0: is missing"


def test_a_ue_that_is_not_there_is_not_found_by_the_parameter_that_named_it() -> None:
    refusal = UeNotFound("/ueIpv4Addr", "10.45.0.9")
    assert isinstance(refusal, NotFound)
    assert refusal.param.pointer == "/ueIpv4Addr"
    assert "10.45.0.9" in str(refusal)


def test_what_is_refused_for_lack_of_resources_says_what_could_be_had() -> None:
    refusal = ResourcesRefused({2: BitRate(2_000_000), 1: BitRate(500)})
    assert refusal.acceptable == {1: BitRate(500), 2: BitRate(2_000_000)}
    assert str(refusal).endswith("component 1: 500 bps, component 2: 2 Mbps")
    assert str(ResourcesRefused({0: BitRate(500)})).endswith("it could accept 500 bps")
    assert str(ResourcesRefused({})).endswith("it could accept nothing now")


def test_no_error_is_another_but_along_its_branch() -> None:
    for one, other in (
        (NotFound, Conflict),
        (Conflict, InvalidRequest),
        (InvalidRequest, NotFound),
    ):
        assert not issubclass(one, other)


def test_who_takes_a_name_of_the_scenario_for_a_gpsi_is_told_what_one_is() -> None:
    told = str(UeNotFound("/gpsi", "ue-1"))
    assert told.startswith(
        "this network has no UE ue-1; a GPSI is msisdn- and digits or extid- and"
    )
    assert "nef sim ues" in told


def test_nobody_is_told_the_form_of_what_has_it() -> None:
    for pointer, name in (("/gpsi", "msisdn-9"), ("/ueIpv4Addr", "10.45.0.99")):
        assert "a GPSI is" not in str(UeNotFound(pointer, name))
