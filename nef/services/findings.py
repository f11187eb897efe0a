"""How each kind of analytics is found out: from the courses of UEs and cells to an answer."""

from collections.abc import Callable, Mapping

from nef.domain.analytics import AnalyticsEvent
from nef.domain.findings import Answer
from nef.services import cell_findings, ue_findings
from nef.services.inquiries import Found, Inquiry


def answer(inquiry: Inquiry) -> Answer | None:
    """What was found; None where there is no data for the window."""
    found = _FINDERS[inquiry.question.event](inquiry)
    if found is None:
        return None
    findings, readings = found
    _, until_s = inquiry.window
    most = inquiry.question.most_objects
    return Answer(
        event=inquiry.question.event,
        made_at_s=inquiry.now_s,
        from_s=inquiry.known_from_s,
        until_s=until_s,
        findings=tuple(findings[:most]),
        readings=readings,
        area=inquiry.question.area,
    )


_FINDERS: Mapping[AnalyticsEvent, Callable[[Inquiry], Found | None]] = {
    AnalyticsEvent.DN_PERFORMANCE: ue_findings.dn_performance,
    AnalyticsEvent.E2E_DATA_VOL_TRANS_TIME: ue_findings.transfer_time,
    AnalyticsEvent.QOS_SUSTAINABILITY: ue_findings.sustainability,
    AnalyticsEvent.CONGESTION: cell_findings.congestion,
    AnalyticsEvent.NETWORK_PERFORMANCE: cell_findings.network_performance,
    AnalyticsEvent.UE_MOBILITY: ue_findings.mobility,
    AnalyticsEvent.UE_COMM: ue_findings.communication,
}
