"""All that `af-client kpi` finds, as a file: what was measured, how, and the verdicts."""

from dataclasses import dataclass

from af_client.kpi.assess import Finding, Row
from af_client.kpi.availability import Held
from af_client.kpi.counting import Counted
from af_client.kpi.measuring import Figures, Sampling
from af_client.kpi.statistics import CONFIDENCE, Verdict
from af_client.kpi.subjects import Subject


@dataclass(frozen=True, slots=True)
class Setting:
    """Under which conditions; `delay_s` is what the NEF says that a packet takes, one way."""

    scenario: str
    description: str
    ue: str
    duration_s: float
    stretches: int
    delay_s: float
    sampling: Sampling
    confidence: float = CONFIDENCE


@dataclass(frozen=True, slots=True)
class Bounds:
    """A share with its bounds, for readers of the file who do not compute them."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Assessed:
    """A model, what was measured of it, and what follows."""

    subject: Subject
    figures: Figures
    topology_bounds: Bounds
    weights_bounds: Bounds
    findings: tuple[Finding, ...]

    def verdict(self, requirement: str) -> Verdict:
        """Return the verdict on a requirement."""
        return next(f.verdict for f in self.findings if f.requirement == requirement)

    def guaranteed_in(self, held: Held) -> bool:
        """Whether the QoS of the model was guaranteed in a time."""
        return held.guarantees(self.subject)

    @property
    def overall(self) -> Verdict:
        """The verdict on all requirements together."""
        return Verdict.of_all([finding.verdict for finding in self.findings])


@dataclass(frozen=True, slots=True)
class Compared:
    """Seconds of a download by the delivery's own sender and receiver, and by the closed form."""

    model: str
    precision: str
    protocol_s: tuple[float, ...]
    closed_form_s: tuple[float, ...]

    @property
    def difference_s(self) -> float:
        """How far the medians are apart."""
        medians = (sorted(each)[len(each) // 2] for each in (self.protocol_s, self.closed_form_s))
        first, second = medians
        return abs(first - second)


@dataclass(frozen=True, slots=True)
class KpiResult:
    """Everything; `rows` has a row for each application and model."""

    setting: Setting
    assessed: tuple[Assessed, ...]
    rows: tuple[Row, ...]
    held: tuple[Held, ...]
    counted: tuple[Counted, ...]
    compared: tuple[Compared, ...]
