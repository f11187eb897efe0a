"""Whatever a client says that a document knows, or does not: the answer keeps the contract."""

import itertools
import logging
import random
import time

import pytest

from builders.contracts import FOLDER
from fuzz.fuzzing import TOLD, Fuzzing, Report
from fuzz.good import AF
from fuzz.guises import OTHER_AF
from nef.testing import running_nef

#: Enough for every operation to succeed, and little enough for every run of the tests.
_EXAMPLES = 16


DOCUMENTS = sorted(path.name for path in FOLDER.glob("*.yaml"))


@pytest.mark.timeout(0)  # a long run says itself how long it takes
@pytest.mark.filterwarnings("ignore")  # of what makes requests; the service has tests of its own
@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_answer_keeps_the_contract(
    document: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    """By `make fuzz` for a time, with examples nobody has tried yet; else with the same ones."""
    lasts_s = request.config.getoption("--fuzz-s")
    first = request.config.getoption("--fuzz-seed")
    if first is None:
        first = random.SystemRandom().randrange(1_000_000) if lasts_s else 0
    report = Report()
    ends_s = time.monotonic() + lasts_s
    with running_nef() as nef:
        fuzzing = Fuzzing(document, nef, report)
        for number in itertools.count(first):
            fuzzing.round(_EXAMPLES, number)
            if time.monotonic() >= ends_s:
                break
        fuzzing.close()
    rounds = number - first + 1
    told = [f"\n{document}, --fuzz-seed {first}, rounds: {rounds}", *report.lines()]
    print(*told, sep="\n")  # noqa: T201 - for who runs it by hand
    assert not report.faults, "\n\n".join(report.told())
    logged = [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]
    assert not logged, "something failed that no answer tells of"
    assert not report.never_succeeded(), "no success says that the examples lead nowhere"
    assert report.notifications or document not in TOLD, "nothing was told"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("document", DOCUMENTS)
def test_who_may_not_call_is_refused_as_the_contract_has_it(document: str) -> None:
    report = Report()
    with running_nef() as nef:
        nef.reset(clients=(AF, OTHER_AF))
        fuzzing = Fuzzing(document, nef, report, guarded=True)
        fuzzing.round(_EXAMPLES, 0)
        fuzzing.close()
    print(document, *report.lines(), sep="\n")  # noqa: T201 - for who runs it by hand
    assert not report.faults, "\n\n".join(report.told())
    answered = {status for statuses in report.answers.values() for status in statuses}
    assert answered >= {200, 401, 403, 404}
