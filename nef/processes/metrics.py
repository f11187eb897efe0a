"""The metrics of all processes of a service in one: whoever reads them asks no matter which."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from nef.domain.errors import NotReady
from nef.processes.remote import Caller

#: What they are called where they answer.
TARGET = "metrics"
#: How long one may take to tell its own; whoever reads waits for all of them.
_ANSWER_S = 1.0


class MetricsOfAll(Collector):
    """Asks each process that answers in a folder, and names the process in each of its samples.

    A process that is named there and does not answer is told to be down, and not left out.
    """

    def __init__(self, folder: Path, secret: bytes) -> None:
        """`secret` is what whoever answers wants to see."""
        self._folder, self._secret = folder, secret

    def collect(self) -> Iterable[Metric]:
        """Everything that is counted in any process."""
        up = GaugeMetricFamily(
            "nef_process_up",
            "1 where a process of the service has told what it counts, else 0.",
            labels=("process",),
        )
        merged: dict[str, Metric] = {}
        # What has a dot is not yet what it is going to be.
        for path in sorted(p for p in self._folder.iterdir() if "." not in p.name):
            families = self._told_at(path)
            up.add_metric((path.name,), float(families is not None))
            for family in families or ():
                empty = Metric(family.name, family.documentation, family.type)
                samples = merged.setdefault(family.name, empty).samples
                named = {"process": path.name}
                samples += [s._replace(labels=dict(s.labels) | named) for s in family.samples]
        yield up
        yield from merged.values()

    def _told_at(self, path: Path) -> Sequence[Metric] | None:
        caller = Caller(path, self._secret, patience_s=0.0, answer_s=_ANSWER_S, repeats=False)
        try:
            families: Sequence[Metric] = caller.call(TARGET, "families")
        except NotReady:
            return None
        finally:
            caller.close()
        return families
