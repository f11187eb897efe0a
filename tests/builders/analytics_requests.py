"""Analytics as an AF asks for them over HTTP: one good question of every kind."""

from typing import Any

from builders.contracts import breaches
from builders.service import Served

AF = "/3gpp-analyticsexposure/v1/af-1/subscriptions"
FETCH = "/3gpp-analyticsexposure/v1/af-1/fetch"
DOCUMENT = "analytics-exposure.yaml"
#: ue-1 and ue-2 of every shipped scenario.
GPSI, OTHER = "msisdn-001010000000001", "msisdn-001010000000002"

MODEL = {"dataVolume": {"downlinkVolume": 1_000_000}, "repeatDataTrans": 1}
#: What the filter of each event says.
CONDITIONS: dict[str, dict[str, Any]] = {
    "DN_PERFORMANCE": {},
    "E2E_DATA_VOL_TRANS_TIME": {"dataVlTrnsTmRqs": [MODEL]},
    "QOS_SUSTAINABILITY": {"qosReq": {"5qi": 3, "gfbrDl": "900 Mbps"}},
    "CONGESTION": {},
    "NETWORK_PERFORMANCE": {"nwPerfReqs": [{"nwPerfType": "NUM_OF_UE"}]},
    "UE_MOBILITY": {},
    "UE_COMM": {},
}
AHEAD, BEFORE = {"offsetPeriod": 10}, {"offsetPeriod": -10}


def question(event: str, window: dict[str, Any] | None = None, **conditions: Any) -> dict[str, Any]:
    """A question in a subscription; UE_COMM is about ue-2, which has traffic in some scenarios."""
    said = CONDITIONS[event] | conditions | ({"extraReportReq": window} if window else {})
    asked = {
        "analyEvent": event,
        "tgtUe": {"gpsi": OTHER if event == "UE_COMM" else GPSI},
        "analyEventFilter": said,
    }
    return {key: value for key, value in asked.items() if value}


def fetched(event: str, window: dict[str, Any] | None = None) -> dict[str, Any]:
    """The same question in a fetch, where the kinds of performance have another name."""
    asked = question(event) | ({"analyRep": window} if window else {}) | {"suppFeat": "0"}
    if event == "NETWORK_PERFORMANCE":
        asked["analyEventFilter"] = {"nwPerfTypes": ["NUM_OF_UE", "GNB_ACTIVE_RATIO"]}
    return asked


def subscription(
    *questions: dict[str, Any], to: str = "http://127.0.0.1:9/nobody", **changes: Any
) -> dict[str, Any]:
    """A subscription; without a question to what ue-1 can get. None leaves an attribute out."""
    document = {
        "notifUri": to,
        "notifId": "n-1",
        "analyEventsSubs": list(questions) or [question("DN_PERFORMANCE")],
    } | changes
    return {key: value for key, value in document.items() if value is not None}


def crossing(rate: str, direction: str = "CROSSED") -> dict[str, Any]:
    """Asks when the rate of ue-1 crosses another."""
    return question("DN_PERFORMANCE", reptThlds=[{"avgTrafficRate": rate}], matchingDir=direction)


def create(nef: Served, document: dict[str, Any], path: str = AF) -> dict[str, Any]:
    """Make a subscription; what is answered keeps the contract."""
    response = nef.http.post(path, json=document)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    assert response.headers["location"] == made["self"]
    assert breaches(DOCUMENT, "AnalyticsExposureSubsc", made) == []
    return made
