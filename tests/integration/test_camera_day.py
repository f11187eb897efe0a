"""A day of cameras with sessions: played in seconds, and the same each time from its seed."""

from typing import Any

from builders.service import Served, by_value, component, served
from nef.network.simulator.scenario import shipped_document

LADDER = (("small", "4 Mbps"), ("tiny", "1 Mbps"))
#: Half of the sessions lose their bearer for a while, when and which follows from the seed.
LOST = {"name": "bearer-lost", "probability": 0.5, "after_s": 3600, "lasts_s": 1800}

Told = tuple[float, int, str]


def told(nef: Served, began_s: float) -> list[Told]:
    """Every notification: when, of which session in the order of admission, and what."""
    numbers: dict[str, int] = {}
    found = []
    for delivery in reversed(nef.nef.services.deliveries.find(None, None, 10_000)):
        note = delivery.notification
        number = numbers.setdefault(note.subscription_id, len(numbers))
        found.append((round(note.created_at_s - began_s, 3), number, str(note.content)))
    return found


def day(step_s: float, seed: int = 23, **changes: Any) -> list[Told]:
    """What the AF of all cameras is told in a day that is stepped."""
    with served() as nef:
        document = shipped_document("camera-day") | changes
        nef.control("PUT", "/simulation", {"document": document, "seed": seed})
        began_s = nef.nef.services.simulation.clock.now_s()
        for ue in nef.control("GET", "/ues")["ues"][:14]:
            nef.create(
                **by_value(component(2, "12 Mbps", *LADDER), ueIpv4Addr=ue["ueIpv4Addr"]),
            )
        for _ in range(round(86400 / step_s)):
            nef.step(step_s)
        return told(nef, began_s)


def test_a_day_is_the_same_each_time_and_however_long_its_steps_are() -> None:
    first = day(step_s=3600)
    assert day(step_s=3600) == first
    assert day(step_s=86400) == first
    hours = {at_s / 3600 for at_s, *_ in first}
    assert {3.0, 3.5, 10.0, 12.0, 14.0} <= hours, "maintenance, and the market at noon"


def test_what_chance_decides_follows_from_the_seed() -> None:
    first = day(step_s=600, faults=[LOST])
    assert day(step_s=600, faults=[LOST]) == first
    assert any("LOSS_OF_BEARER" in what for _, _, what in first)
    assert day(step_s=600, seed=24, faults=[LOST]) != first
