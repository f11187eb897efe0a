"""Which variant of a model to deliver: pure rules, each answer with its reason.

    choice = select(variants, bandwidth_bps=9_000_000, budget_s=1.0)
    choice.ladder          what to ask the network for: the best that fits, then the smaller ones
    choice.rung            what to deliver; None where nothing fits

Then the network answers, and the choice follows:

    after_applied(choice, ref)                  it serves the named rung of the ladder
    after_not_guaranteed(choice)                it serves none of them
    after_guaranteed(choice)                    it serves the asked one again
    after_refusal(choice, acceptable_bps)       it refuses the ladder: ask with a shorter one
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, inf

from af_client.units import format_rate

#: From the reported bandwidth to the first byte, and from the last byte to the loaded model.
DEFAULT_MARGIN_S = 0.1
#: The topology's flow is fast enough for the topology and one whole repetition of it, because
#: what is lost of it is fetched again, within the same budget.
TOPOLOGY_DELIVERIES = 2
#: More than any network has.
_ANY_BPS = 10**15


@dataclass(frozen=True, slots=True)
class Variant:
    """A model that could be delivered; `accuracy` is a share from 0 to 1.

    `name` becomes the `altQosParamSetRef` of its QoS (TS 29.514,
    `AlternativeServiceRequirementsData`), so it is unique among the variants of a selection.
    """

    name: str
    accuracy: float
    topology_bytes: int
    weights_bytes: int
    precision: str = "float32"

    @property
    def total_bytes(self) -> int:
        """Return the size of both parts."""
        return self.topology_bytes + self.weights_bytes


@dataclass(frozen=True, slots=True)
class Framing:
    """How a part becomes packets: data in each, and headers around it that the rate pays for.

    By default 1400 bytes of payload, 24 of which are the delivery's header, after 8 bytes of UDP
    and the larger of the two IP headers, 40 bytes.
    """

    data_bytes: int = 1376
    header_bytes: int = 24 + 8 + 40

    def bits(self, part_bytes: int) -> int:
        """Return the bits of all packets that carry a part."""
        packets = -(-part_bytes // self.data_bytes)
        return 8 * (part_bytes + packets * self.header_bytes)

    def wire_bytes(self, variant: Variant) -> int:
        """Return what both parts of a variant are on the wire."""
        return (self.bits(variant.topology_bytes) + self.bits(variant.weights_bytes)) // 8


@dataclass(frozen=True, slots=True)
class Rung:
    """A variant and the rates that deliver its two parts, side by side, within the budget."""

    variant: Variant
    topology_rate_bps: int
    weights_rate_bps: int

    @property
    def rate_bps(self) -> int:
        """Return what both flows ask for together."""
        return self.topology_rate_bps + self.weights_rate_bps

    def is_better_than(self, other: "Rung") -> bool:
        """Whether its variant recognises more."""
        return self.variant.accuracy > other.variant.accuracy


@dataclass(frozen=True, slots=True)
class Rejection:
    """A variant that is not to be asked for, and why, in a sentence."""

    variant: Variant
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What to ask for, what to deliver now, and why.

    `ladder` is what the session asks for, best first; `rung` is the one that counts now, None
    where none can be delivered in time.
    """

    rung: Rung | None
    ladder: tuple[Rung, ...]
    reason: str
    rejected: tuple[Rejection, ...] = ()

    def is_better_than(self, other: "Choice") -> bool:
        """Whether the first rung of the ladder recognises more than that of another one."""
        if not (self.ladder and other.ladder):
            return bool(self.ladder)
        return self.ladder[0].is_better_than(other.ladder[0])


def select(
    variants: Iterable[Variant],
    bandwidth_bps: int,
    budget_s: float,
    *,
    margin_s: float = DEFAULT_MARGIN_S,
    framing: Framing | None = None,
    predicted_s: Mapping[str, float] | None = None,
) -> Choice:
    """Choose the most accurate variant whose two parts arrive within the budget.

    `predicted_s` says of variants by name how long the network thinks that they take; one that
    takes longer than the budget does not fit, although the bandwidth of now would do, and neither
    does one that is absent: it is not foreseen to arrive. None is no forecast.

    Of equally accurate ones the smaller is better. A variant asks for no more than it needs, so
    what is left of the bandwidth stays with others. Raises ValueError where two variants have
    the same name.
    """
    ranked = sorted(variants, key=_preference)
    _check_names(ranked)
    time_s = Fraction(budget_s) - Fraction(margin_s)
    if time_s <= 0:
        return _no_time(ranked, budget_s, margin_s)
    rungs = [_rung(variant, time_s, framing or Framing()) for variant in ranked]
    ladder, rejected = _sieve(rungs, bandwidth_bps, float(time_s), predicted_s)
    return Choice(
        rung=ladder[0] if ladder else None,
        ladder=ladder,
        reason=_reason(ladder, rejected, bandwidth_bps, budget_s),
        rejected=rejected,
    )


def ladders(
    variants: Iterable[Variant], budget_s: float, margin_s: float = DEFAULT_MARGIN_S
) -> tuple[Choice, ...]:
    """Return a choice for each variant that is worth its rate, whatever is there now, best first.

    Each ladder goes from its variant on down.
    """
    best = select(variants, _ANY_BPS, budget_s, margin_s=margin_s).ladder
    return tuple(
        Choice(rung, best[number:], f"{_described(rung)} is planned for now")
        for number, rung in enumerate(best)
    )


def after_applied(choice: Choice, ref: str) -> Choice:
    """Follow the network to the rung it applied (`appliedQosRef`).

    Raises LookupError for a name that is not on the ladder.
    """
    rung = next((rung for rung in choice.ladder if rung.variant.name == ref), None)
    if rung is None:
        raise LookupError(f"the network applied {ref!r}; the session asked for {_names(choice)}")
    return replace(choice, rung=rung, reason=f"the network serves {_described(rung)}")


def after_guaranteed(choice: Choice) -> Choice:
    """Return to the asked rung: the network serves it again (QOS_GUARANTEED)."""
    if not choice.ladder:
        return choice
    best = choice.ladder[0]
    return replace(choice, rung=best, reason=f"the network serves {_described(best)} again")


def after_not_guaranteed(choice: Choice) -> Choice:
    """Deliver nothing: the network guarantees no rung (QOS_NOT_GUARANTEED, no applied one).

    The session, and with it the ladder, stays: the network may come back to it.
    """
    reason = f"the network guarantees none of {_names(choice)} now"
    return replace(choice, rung=None, reason=reason)


def after_refusal(choice: Choice, acceptable_bps: int | None = None) -> Choice:
    """Shorten a refused ladder to what the network would accept, over both flows.

    The first rung never comes back, whatever the network says it would accept, so that asking
    ends. Where the network did not say, the next smaller rung is tried.
    """
    smaller = choice.ladder[1:]
    ladder = tuple(r for r in smaller if acceptable_bps is None or r.rate_bps <= acceptable_bps)
    refused = tuple(_refused(rung, acceptable_bps) for rung in choice.ladder if rung not in ladder)
    chosen = f"{_described(ladder[0])} is next" if ladder else "nothing smaller is left to ask for"
    return Choice(
        rung=ladder[0] if ladder else None,
        ladder=ladder,
        reason=_sentences(chosen, refused),
        rejected=(*choice.rejected, *refused),
    )


def _preference(variant: Variant) -> tuple[float, int, str]:
    """Sort the best first; the name only makes the order of equals the same every time."""
    return -variant.accuracy, variant.total_bytes, variant.name


def _check_names(variants: Sequence[Variant]) -> None:
    names = [variant.name for variant in variants]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two variants are named {name!r}, and notifications name the variant")


def _rung(variant: Variant, time_s: Fraction, framing: Framing) -> Rung:
    topology_bits = framing.bits(variant.topology_bytes)
    return Rung(
        variant,
        topology_rate_bps=ceil(TOPOLOGY_DELIVERIES * topology_bits / time_s),
        weights_rate_bps=ceil(framing.bits(variant.weights_bytes) / time_s),
    )


def _sieve(
    rungs: Iterable[Rung],
    bandwidth_bps: int,
    time_s: float,
    predicted_s: Mapping[str, float] | None,
) -> tuple[tuple[Rung, ...], tuple[Rejection, ...]]:
    """Keep, of rungs in order of preference, those that fit and that ask less than any better."""
    ladder: list[Rung] = []
    rejected: list[Rejection] = []
    for rung in rungs:
        needs = f"{rung.variant.name} needs {_need(rung.rate_bps)}"
        if rung.rate_bps > bandwidth_bps:
            why = f"{needs} to arrive within {time_s:g} s, but {_supply(bandwidth_bps)} is there"
        elif predicted_s is not None and (s := predicted_s.get(rung.variant.name, inf)) > time_s:
            would = f"take {s:.1f} s" if s < inf else "not arrive"
            why = f"{rung.variant.name} would {would}, as the network foresees it"
        elif ladder and rung.rate_bps >= ladder[-1].rate_bps:
            better = ladder[-1]
            why = f"{needs}, no less than {_described(better)}, and recognises no more"
        else:
            ladder.append(rung)
            continue
        rejected.append(Rejection(rung.variant, why))
    return tuple(ladder), tuple(rejected)


def _no_time(variants: Iterable[Variant], budget_s: float, margin_s: float) -> Choice:
    """Reject everything: the overhead alone is longer than the budget."""
    spent = f"the budget of {budget_s:g} s is spent by the fixed overhead of {margin_s:g} s"
    rejected = tuple(Rejection(v, f"{v.name} gets no time: {spent}") for v in variants)
    return Choice(None, (), _sentences("Nothing fits", rejected), rejected)


def _reason(
    ladder: Sequence[Rung], rejected: Sequence[Rejection], bandwidth_bps: int, budget_s: float
) -> str:
    conditions = f"{_supply(bandwidth_bps)} within {budget_s:g} s"
    if not ladder:
        return _sentences(f"Nothing fits into {conditions}", rejected)
    return _sentences(f"{_described(ladder[0])} is the best for {conditions}", rejected)


def _refused(rung: Rung, acceptable_bps: int | None) -> Rejection:
    said = "" if acceptable_bps is None else f"; it would accept {_supply(acceptable_bps)}"
    why = f"{rung.variant.name} needs {_need(rung.rate_bps)}, which the network refused{said}"
    return Rejection(rung.variant, why)


def _sentences(first: str, rejected: Iterable[Rejection]) -> str:
    return " ".join(f"{sentence}." for sentence in (first, *(each.reason for each in rejected)))


def _described(rung: Rung) -> str:
    return f"{rung.variant.name} ({rung.variant.accuracy:.1%}, {_need(rung.rate_bps)})"


def _names(choice: Choice) -> str:
    return ", ".join(rung.variant.name for rung in choice.ladder) or "nothing"


def _need(rate_bps: int) -> str:
    """Write a demand in whole Kbps, rounded up, so that it never looks smaller than a supply."""
    return format_rate(-(-rate_bps // 1000) * 1000)


def _supply(rate_bps: int) -> str:
    return format_rate(max(rate_bps, 0) // 1000 * 1000)
