"""From what was measured to a verdict on each requirement, with the reason where it fails."""

from collections.abc import Sequence
from dataclasses import dataclass

from af_client.kpi.counting import Counted
from af_client.kpi.measuring import Figures
from af_client.kpi.statistics import CONFIDENCE, Share, Verdict
from af_client.kpi.subjects import Subject
from af_client.modelserver.catalogue import Application, Requirement, catalogue

LATENCY, RATE, AVAILABILITY = "P.R.6.1-001", "P.R.6.1-002", "P.R.6.1-003"
TOPOLOGY, WEIGHTS = "P.R.6.1-004/topology", "P.R.6.1-004/weights"
REQUIREMENTS = (LATENCY, RATE, AVAILABILITY, TOPOLOGY, WEIGHTS)

#: The study gives no share of downloads that must be in time: it is p99 here.
IN_TIME_SHARE = 0.99
#: So sure it must be that a flow loses more than it was granted: else chance says so too often.
WORSE_CONFIDENCE = 0.999
#: The user experienced data rate is the 5 % point of the throughputs (ITU-R M.2410-0, 4.3).
RATE_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict on one requirement; `reason` is empty where it is met."""

    requirement: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One model in one precision for one application.

    `gap_s` is the time that the application has to bridge, because recognition cannot wait for
    the download (p99): how long an interim model serves, or how far ahead the model is wanted.
    """

    application: str
    model: str
    precision: str
    verdict: Verdict
    reason: str
    gap_s: float | None


def findings(subject: Subject, figures: Figures, counted: Sequence[Counted]) -> tuple[Finding, ...]:
    """Return the verdict on each requirement, in their order."""
    return (
        _speed(LATENCY, figures.in_time, IN_TIME_SHARE, "late", subject, figures),
        _speed(RATE, figures.rate_kept, RATE_SHARE, "slower", subject, figures),
        _availability(subject, figures),
        _reliability(TOPOLOGY, figures, counted),
        _reliability(WEIGHTS, figures, counted),
    )


def row(
    application: Application, subject: Subject, figures: Figures, found: tuple[Finding, ...]
) -> Row:
    """Return how an application fares with a model."""
    verdict = Verdict.of_all([each.verdict for each in found])
    reason = next((each.reason for each in found if each.verdict is verdict), "")
    gap_s = None if figures.p99_s is None else max(
        0.0, figures.p99_s - application.recognition_latency_s
    )  # fmt: skip
    return Row(application.name, subject.model, subject.precision, verdict, reason, gap_s)


def needed_period_s(subject: Subject) -> float:
    """Return how long a period must be to show the availability that is required.

    So long that the loss of one download's time would not break it.
    """
    return subject.budget_s / (1 - _minimum(AVAILABILITY))


def _speed(
    requirement: str, share: Share, least: float, were: str, subject: Subject, figures: Figures
) -> Finding:
    """Whether the share of downloads is large enough; those that are not in it `were` something."""
    verdict = share.verdict(least)
    if verdict is Verdict.YES:
        return Finding(requirement, verdict)
    if verdict is Verdict.NOT_SHOWN:
        return Finding(requirement, verdict, f"{_unsure(share, least)} were {were}")
    return Finding(requirement, verdict, _too_slow(subject, figures))


def _too_slow(subject: Subject, figures: Figures) -> str:
    net, asked, best = (
        f"{bps / 1e9:.2f} Gbit/s" if bps >= 1e9 else f"{bps / 1e6:.1f} Mbit/s"
        for bps in (subject.needed_bps, subject.rung.rate_bps, figures.best_bps)
    )
    needs = f"needs {net}, {asked} with headers and set-up time"
    if not figures.best_bps:
        return f"{needs}; the network grants nothing at any time"
    if figures.granted.failures == figures.granted.trials:
        return f"{needs}; the network grants {best} at most"
    refused = figures.granted.failures / figures.granted.trials
    return f"{needs}; the network grants less at {refused:.1%} of the times"


def _availability(subject: Subject, figures: Figures) -> Finding:
    found = figures.available
    if found.share < _minimum(AVAILABILITY):
        away_s = found.period_s - found.guaranteed_s
        reason = (
            f"its QoS was not guaranteed for {span(away_s)} of {span(found.period_s)}"
            if found.guaranteed_s
            else f"its QoS was guaranteed at no time of {span(found.period_s)}"
        )
        return Finding(AVAILABILITY, Verdict.NO, reason)
    if found.period_s < needed_period_s(subject):
        reason = (
            f"{span(found.period_s)} are too short: it takes {span(needed_period_s(subject))},"
            f" of which {subject.budget_s:g} s may be lost"
        )
        return Finding(AVAILABILITY, Verdict.NOT_SHOWN, reason)
    return Finding(AVAILABILITY, Verdict.YES)


def _reliability(requirement: str, figures: Figures, counted: Sequence[Counted]) -> Finding:
    part = requirement.rpartition("/")[2]
    share = figures.topology if requirement == TOPOLOGY else figures.weights
    verdict, doubt = share.verdict(_minimum(requirement)), _doubt(part, counted)
    if verdict is Verdict.YES:
        return Finding(requirement, Verdict.NOT_SHOWN if doubt else verdict, doubt)
    missed = (
        f"the grants leave no time for {1 - share.sendable:.5%} of the packets of the {part}, and"
        f" {share.arrived.failures} of {share.arrived.trials} others were not there in time"
    )
    if verdict is Verdict.NO:
        return Finding(requirement, verdict, missed)
    shown = f"{missed}: that shows {share.low:.5%} with {CONFIDENCE:.0%} certainty"
    return Finding(requirement, verdict, "; ".join(filter(None, (shown, doubt))))


def _doubt(part: str, counted: Sequence[Counted]) -> str:
    """Say why real packets contradict the losses that are simulated; empty where they do not."""
    for each in counted:
        if each.part != part:
            continue
        if each.overflowed:
            return f"{each.overflowed} real packets of the {part} overflowed at the granted rate"
        if each.share.at_most(WORSE_CONFIDENCE) < 1 - each.per:
            return (
                f"{each.lost} of {each.sent} real packets of the {part} were lost,"
                f" more than the {each.per:g} that was granted and is simulated"
            )
    return ""


def _unsure(share: Share, required: float) -> str:
    return (
        f"between {share.low:.2%} and {share.high:.2%} hold, and {required:.0%} must:"
        f" {share.failures} of {share.trials} downloads"
    )


def _minimum(requirement: str) -> float:
    wanted: Requirement = catalogue().requirements[requirement]
    assert wanted.minimum is not None  # noqa: S101 - shares have one
    return wanted.minimum


def span(seconds: float) -> str:
    """Write a length of time in the unit that suits it."""
    if seconds >= 86_400:
        return f"{seconds / 86_400:.1f} days"
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds:g} s"
