"""The URIs of the resources that an AF has here."""

from nef.domain.subscriptions import Api

#: The first part of each API's paths, as in its contract.
API_PATHS = {
    Api.SESSIONS: "/3gpp-as-session-with-qos/v1",
    Api.ANALYTICS: "/3gpp-analyticsexposure/v1",
    Api.MONITORING: "/3gpp-monitoring-event/v1",
    Api.TRANSFERS: "/3gpp-pdtq-policy-negotiation/v1",
}


def subscription_link(api_root: str, api: Api, af_id: str, subscription_id: str) -> str:
    """The absolute URI of a subscription."""
    return f"{api_root}{API_PATHS[api]}/{af_id}/subscriptions/{subscription_id}"
