"""Where a notification may be sent to: a pure check of the URI an AF gave."""

from urllib.parse import urlsplit

from nef.domain.errors import InvalidParam, InvalidRequest

#: In place of a URI: the notification goes over the websocket that the AF holds open for this very
#: subscription (TS 29.122 5.2.5.4).
OVER_WEBSOCKET = "websocket:"


def destination_of(uri: str, *, websocket: bool) -> str:
    """Where the notifications of a subscription go that named a URI, and may want a websocket."""
    return OVER_WEBSOCKET if websocket else uri


def check_destination(uri: str, pointer: str = "/notificationDestination") -> None:
    """Accept an absolute http or https URI without credentials; else raise InvalidRequest.

    `pointer` is where the AF gave it.
    """
    reason = _objection(uri)
    if reason:
        raise InvalidRequest(InvalidParam(pointer, f"{uri[:120]!r} {reason}"))


def _objection(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return "is not a URI that can be read"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "must be an absolute http or https URI"
    if parts.username is not None or parts.password is not None:
        return "must not carry credentials"
    if port == 0 or not uri.isprintable() or " " in uri:
        return "is not a URI that a request can be sent to"
    return None
