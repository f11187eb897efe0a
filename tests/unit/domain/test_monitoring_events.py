"""What an AF asks for must make sense as a whole."""

from typing import Any

import pytest

from builders.monitoring_events import LOCATION, LOSS, asking, group_body
from nef.domain.errors import InvalidRequest
from nef.domain.monitoring_events import MonitoringRequest, check_request
from nef.schemas.monitoring_event_requests import request_of

NOON = "1970-01-01T12:00:00Z"
NOON_S = 12 * 3600.0


def pointers(request: MonitoringRequest, now_s: float = 0.0) -> list[str]:
    try:
        check_request(request, now_s)
    except InvalidRequest as error:
        return [param.pointer for param in error.params]
    return []


@pytest.mark.parametrize(
    ("kind", "changes", "wrong"),
    [
        (LOSS, {}, []),
        (LOSS, {"maximumNumberOfReports": None}, ["/maximumNumberOfReports"]),
        (LOSS, {"maximumNumberOfReports": None, "monitorExpireTime": NOON}, []),
        (LOSS, {"groupReportGuardTime": 5}, ["/groupReportGuardTime"]),
        (LOSS, {"excludedMsisdns": ["12345"]}, ["/externalGroupId"]),
        (LOCATION, {"repPeriod": 5}, []),
        (LOCATION, {"repPeriod": 5, "maximumNumberOfReports": 1}, ["/repPeriod"]),
        (LOCATION, {"repPeriod": 5, "minimumReportInterval": 5}, ["/minimumReportInterval"]),
        (LOCATION, {"locationType": "LAST_KNOWN_LOCATION"}, ["/maximumNumberOfReports"]),
        (LOCATION, {"locationType": "CURRENT_OR_LAST_KNOWN_LOCATION"}, []),
        (LOCATION, {"locationType": "LAST_KNOWN_LOCATION", "maximumNumberOfReports": 1}, []),
    ],
)
def test_what_does_not_go_together_is_named(
    kind: str, changes: dict[str, Any], wrong: list[str]
) -> None:
    assert pointers(asking(kind, **changes)) == wrong


def test_a_time_that_has_passed_is_refused() -> None:
    request = asking(monitorExpireTime=NOON)
    assert pointers(request, NOON_S - 1) == []
    assert pointers(request, NOON_S) == ["/monitorExpireTime"]


def test_nobody_is_added_and_left_out_at_once() -> None:
    both = request_of(group_body(excludedMsisdns=["12345"], addedMsisdns=["12345"]))
    assert pointers(both) == ["/externalGroupId"]
    assert pointers(request_of(group_body(groupReportGuardTime=5))) == []


def test_everything_wrong_is_named_at_once() -> None:
    request = asking(maximumNumberOfReports=None, groupReportGuardTime=5)
    assert pointers(request) == ["/maximumNumberOfReports", "/groupReportGuardTime"]
