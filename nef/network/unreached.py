"""Why nobody answers at a URL, in the words of whoever has to mend it."""

import http.client
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests

#: What OpenSSL calls an answer that is no TLS at all; the words differ from version to version.
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST"})
#: X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL.
_ANOTHER_NAME = frozenset({62, 64})
_IF_TOKENS = "; --token-url and --client-secret-file let one in"
_IF_TLS = "if it serves TLS, say https://"
_IF_MUTUAL = "if it asks for a certificate, --client-certificate shows one"
_NOBODY = "nobody listens at"
_ANOTHER_NEF = "; nef serve starts a NEF, --nef-url names another"


def unreached(url: str, error: requests.RequestException) -> str:
    """Say why a request to a URL had no answer, and what would be right where that is known."""
    asked = getattr(error.request, "url", None) or url  # it may have been the issuer of tokens
    where = "{0.scheme}://{0.netloc}".format(urlsplit(asked))
    if isinstance(error, requests.HTTPError):
        answer = error.response
        right = _IF_TOKENS if answer.status_code == requests.codes.unauthorized else ""
        return f"{where} answered {answer.status_code} {answer.reason}{right}"
    if isinstance(error, requests.Timeout):
        return f"{where} does not answer in time"
    told = (_told(fault, where) for fault in _faults(error))
    why = next((text for text in told if text), str(error))
    is_nef = url.startswith(where)
    return why + (_ANOTHER_NEF if is_nef and why.startswith(_NOBODY) else "")


def _told(fault: BaseException, where: str) -> str | None:
    if isinstance(fault, ssl.SSLError):
        return _without_tls(where, fault)
    if isinstance(fault, socket.gaierror):
        return f"no host {urlsplit(where).hostname} is found: {fault.strerror}"
    if isinstance(fault, ConnectionRefusedError):
        return f"{_NOBODY} {where}"
    if isinstance(fault, http.client.RemoteDisconnected | ConnectionResetError):
        right = _IF_TLS if where.startswith("http:") else _IF_MUTUAL
        return f"{where} closed the connection without an answer; {right}"
    return None


def _without_tls(where: str, fault: ssl.SSLError) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        why = fault.verify_message.rstrip(".")
        right = "name it as its certificate does" if fault.verify_code in _ANOTHER_NAME else ""
        return f"{where} is not trusted: {why}; {right or '--ca says whom to trust'}"
    reason = fault.reason or str(fault)
    if reason in _NO_TLS:
        return f"{where} does not speak TLS; say {where.replace('https', 'http', 1)}"
    return f"no TLS with {where}: {reason}"


def _faults(error: BaseException) -> Iterator[BaseException]:
    """An error and what has led to it, which libraries wrap each in its own way."""
    yield error
    for inner in (error.__cause__, getattr(error, "reason", None), *error.args):
        if isinstance(inner, BaseException):
            yield from _faults(inner)
