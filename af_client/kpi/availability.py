"""Availability of the service: how long a session that lasts has the QoS of each model.

One session asks for all models as a ladder of alternatives. A flow holds the best rung that fits,
so while it holds one, a session for any smaller model would be guaranteed as well: one walk
through the scenario answers for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from af_client.kpi.network import Network
from af_client.kpi.subjects import Subject
from af_client.messages import Session
from af_client.modelserver.selection import Rung


@dataclass(frozen=True, slots=True)
class Held:
    """What the session held in a time: `weights_bps` is the rung's, 0 while nothing holds."""

    from_s: float
    until_s: float
    weights_bps: int

    def guarantees(self, subject: Subject) -> bool:
        """Whether a model's QoS was guaranteed."""
        return self.weights_bps >= subject.rung.weights_rate_bps


@dataclass(frozen=True, slots=True)
class Availability:
    """The seconds of a period in which the QoS was guaranteed; the others in so many pieces."""

    guaranteed_s: float
    period_s: float
    interruptions: int

    @property
    def share(self) -> float:
        """The share of the period."""
        return self.guaranteed_s / self.period_s


def walk(network: Network, subjects: Sequence[Subject]) -> tuple[Held, ...]:
    """Hold the session from the start of the scenario to its end, changes and all."""
    ladder = _ladder(subjects)
    found: list[Held] = []
    session: Session | None = None
    for stretch in network.played.stretches:
        network.go_to(stretch.from_s)
        if session is not None and not network.flows(session):
            network.release(session)
            session = None
        session = session or network.hold(ladder)
        level, _ = network.held(session) if session else (None, None)
        rate_bps = 0 if level is None else ladder[level].weights_rate_bps
        found.append(Held(stretch.from_s, stretch.until_s, rate_bps))
    if session is not None:
        network.release(session)
    return tuple(found)


def availability(held: Sequence[Held], subject: Subject) -> Availability:
    """Return for how long a model's QoS was guaranteed."""
    guaranteed = [each.guarantees(subject) for each in held]
    total_s = sum(h.until_s - h.from_s for h, has in zip(held, guaranteed, strict=True) if has)
    before = [True, *guaranteed[:-1]]
    breaks = sum(was and not has for was, has in zip(before, guaranteed, strict=True))
    return Availability(total_s, held[-1].until_s - held[0].from_s, breaks)


def _ladder(subjects: Sequence[Subject]) -> list[Rung]:
    """Return the rungs of different rates, the largest first."""
    rungs = {subject.rung.weights_rate_bps: subject.rung for subject in subjects}
    return [rungs[rate_bps] for rate_bps in sorted(rungs, reverse=True)]
