from af_client.modelserver.choosing import Chooser
from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Choice, Framing
from af_client.modelserver.steps import Reported
from builders.negotiations import ENOUGH_BPS, LARGE, MEDIUM, SMALL

CHOOSER = Chooser((SMALL, MEDIUM, LARGE), Policy(least_confidence=50))
SIZES = {one.name: Framing().wire_bytes(one) for one in (SMALL, MEDIUM, LARGE)}
QUICK = {SIZES["small"]: 0.1, SIZES["medium"]: 0.2}
SLOW = QUICK | {SIZES["large"]: 3.0, 12345: 9.0}


def best(choice: Choice) -> str:
    return choice.ladder[0].variant.name


def test_the_volumes_are_those_of_the_variants() -> None:
    assert CHOOSER.volumes == tuple(Framing().wire_bytes(one) for one in (SMALL, MEDIUM, LARGE))


def test_what_would_take_too_long_is_not_chosen_by_a_forecast() -> None:
    assert best(CHOOSER.by_forecast(Reported(ENOUGH_BPS["large"], SLOW))) == "medium"


def test_what_is_not_foreseen_to_arrive_is_not_chosen() -> None:
    choice = CHOOSER.by_forecast(Reported(ENOUGH_BPS["large"], QUICK))
    assert best(choice) == "medium"
    assert "large would not arrive" in choice.reason
    assert CHOOSER.by_forecast(Reported(ENOUGH_BPS["large"], {})).rung is None


def test_without_a_forecast_the_bandwidth_decides() -> None:
    assert best(CHOOSER.by_forecast(Reported(ENOUGH_BPS["large"]))) == "large"


def test_a_forecast_that_is_not_sure_counts_for_nothing() -> None:
    unsure = Reported(ENOUGH_BPS["large"], SLOW, confidence=49)
    assert best(CHOOSER.by_forecast(unsure)) == "large"


def test_a_bandwidth_alone_is_enough_to_choose_by() -> None:
    assert best(CHOOSER.by_bandwidth(ENOUGH_BPS["medium"])) == "medium"
