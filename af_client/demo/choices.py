"""Whether the server chose what the network reported and granted: each choice derived anew.

What is looked at is what came over HTTP, as the server printed it: reports of bandwidth, answers
and notifications. What it decided and sent is held against that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from af_client.demo.record import Asked, Record
from af_client.modelserver.policy import Policy
from af_client.modelserver.selection import Variant, select

#: Between a word of the network and the choice that follows, beside what a busy machine takes.
REACTION_S = 1.0
#: How much less a model may recognise on the device than where it was trained.
ACCURACY_LOST = 0.05


def wrong_choices(record: Record, variants: Sequence[Variant], policy: Policy) -> list[str]:
    """What was asked for, chosen or sent without the network having said so, in sentences."""
    rank = {variant.name: variant.accuracy for variant in variants}
    return [
        *(s for asked in record.asked for s in _wrongly_asked(asked, variants, policy)),
        *_wrongly_sent(record, rank),
        *_wrongly_kept(record, rank, policy),
        *_wrongly_recognised(record, rank),
    ]


def _wrongly_asked(asked: Asked, variants: Sequence[Variant], policy: Policy) -> Iterator[str]:
    """A session asks for what the bandwidth carries, but for what was refused or is foreseen."""
    right = select(variants, asked.available_bps, policy.budget_s, margin_s=policy.margin_s)
    names = [rung.variant.name for rung in right.ladder]
    excused = {name for name in names if _excuses(asked.reason, name)}
    if [name for name in names if name not in excused] != [n for n in asked.ladder if n in names]:
        yield f"at {asked.at_s:.1f} s it asked for {_list(asked.ladder)} instead of {_list(names)}"
    yield from (
        f"at {asked.at_s:.1f} s it asked for {name}, which {asked.available_bps / 1e6:.1f} Mbit/s"
        " do not carry in time"
        for name in asked.ladder
        if name not in names
    )


def _excuses(reason: str, name: str) -> bool:
    """Whether the reason of a choice says that the network ruled out a variant."""
    sentences = [s for s in reason.split(". ") if s.startswith(f"{name} ")]
    return any("foresees" in s or "refused" in s for s in sentences)


def _wrongly_sent(record: Record, rank: dict[str, float]) -> Iterator[str]:
    for sent in record.started:
        granted = record.grants.at(sent.at_s)
        if granted is None:
            yield f"{sent.variant} was sent at {sent.at_s:.1f} s, when nothing was granted"
        elif rank[sent.variant] > rank[granted]:
            yield f"{sent.variant} was sent at {sent.at_s:.1f} s, when {granted} was granted"


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time in which neither the grant nor the choice changed; `better_for_s` is at its end.

    That is how long the network has granted something better than what is chosen.
    """

    at_s: float
    long_s: float
    granted: str | None
    chosen: str | None
    cause: str
    better_for_s: float


def _wrongly_kept(record: Record, rank: dict[str, float], policy: Policy) -> Iterator[str]:
    """Down at once, up when it has lasted, or when a forecast says that it does not last."""
    for one in _stretches(record, rank):
        end_s = one.at_s + one.long_s
        reaction_s = REACTION_S + record.waited_s(one.at_s, end_s)
        patience_s = _dwell_s(record, rank, one.at_s, policy) + REACTION_S
        patience_s += record.waited_s(end_s - one.better_for_s, end_s)
        if _worth(one.chosen, rank) > _worth(one.granted, rank) and one.long_s > reaction_s:
            yield (
                f"{one.chosen} stayed the choice from {one.at_s:.1f} s on,"
                f" when {one.granted or 'nothing'} was granted"
            )
        elif one.better_for_s > patience_s and one.cause != "outlook":
            yield (
                f"{one.chosen or 'nothing'} was still the choice at {one.at_s:.1f} s,"
                f" when {one.granted} had been granted for {one.better_for_s:.1f} s"
            )


def _stretches(record: Record, rank: dict[str, float]) -> Iterator[_Stretch]:
    granted: str | None = None
    chosen, cause = None, ""
    better_since_s: float | None = None
    changes = [(at_s, 0, name, "") for at_s, name in record.grants.changes]
    changes += [(d.at_s, 1, d.variant, d.cause) for d in record.decisions]
    changes.sort(key=lambda change: change[0])
    ends_s = [at_s for at_s, *_ in changes[1:]] + [record.ends_s]
    for (at_s, chooses, name, why), end_s in zip(changes, ends_s, strict=False):
        if chooses:
            chosen, cause = name, why
        else:
            granted = name
        better = _worth(granted, rank) > _worth(chosen, rank)
        better_since_s = (better_since_s or at_s) if better else None
        better_for_s = 0.0 if better_since_s is None else end_s - better_since_s
        yield _Stretch(at_s, end_s - at_s, granted, chosen, cause, better_for_s)


def _dwell_s(record: Record, rank: dict[str, float], at_s: float, policy: Policy) -> float:
    """How long a rise has to last: longer after each one before it that did not."""
    worths = [_worth(name, rank) for when_s, name in record.grants.changes if when_s <= at_s]
    rises = zip(worths, worths[1:], worths[2:], strict=False)
    undone = sum(before < risen > after for before, risen, after in rises)
    return min(policy.dwell_s * 2.0**undone, policy.longest_dwell_s)


def _wrongly_recognised(record: Record, rank: dict[str, float]) -> Iterator[str]:
    for download in record.downloads:
        if download.accuracy < rank[download.variant] - ACCURACY_LOST:
            yield (
                f"{download.variant} recognised {download.accuracy:.1%} on the device, and"
                f" {rank[download.variant]:.1%} where it was trained"
            )


def _worth(name: str | None, rank: dict[str, float]) -> float:
    return -1.0 if name is None else rank[name]


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
