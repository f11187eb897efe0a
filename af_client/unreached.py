"""Why nobody answers at a URL, in the words of whoever has to mend it."""

import http.client
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

#: What OpenSSL calls an answer that is no TLS at all; the words differ from version to version.
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST"})
#: X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL.
_ANOTHER_NAME = frozenset({62, 64})
_IF_TLS = "if it serves TLS, its URL is https://"
_IF_MUTUAL = "if it asks for a certificate, Tls(certificate=…, key=…) shows one"


def unreached(url: str, error: Exception) -> str | None:
    """Say why a request to a URL had no answer, and what would be right; None if not known."""
    parts = urlsplit(url)
    where = f"{parts.scheme}://{parts.netloc}"
    for fault in _faults(error):
        if isinstance(fault, ssl.SSLError):
            return _without_tls(where, fault)
        if isinstance(fault, socket.gaierror):
            return f"no host {parts.hostname} is found: {fault.strerror}"
        if isinstance(fault, ConnectionRefusedError):
            return f"nobody listens at {where}"
        if isinstance(fault, http.client.RemoteDisconnected | ConnectionResetError):
            right = _IF_TLS if parts.scheme == "http" else _IF_MUTUAL
            return f"the connection was closed without an answer ({right})"
    return None


def _without_tls(where: str, fault: ssl.SSLError) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        why = fault.verify_message.rstrip(".")
        right = "name it as its certificate does" if fault.verify_code in _ANOTHER_NAME else ""
        return f"{where} is not trusted: {why}; {right or 'Tls(ca=…) or --ca says whom to trust'}"
    reason = fault.reason or str(fault)
    if reason in _NO_TLS:
        return f"{where} does not speak TLS; its URL is {where.replace('https', 'http', 1)}"
    return f"no TLS with {where}: {reason}"


def _faults(error: BaseException) -> Iterator[BaseException]:
    """An error and what has led to it, which libraries wrap each in its own way."""
    yield error
    for inner in (error.__cause__, getattr(error, "reason", None), *error.args):
        if isinstance(inner, BaseException):
            yield from _faults(inner)
