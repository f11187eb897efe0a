"""The sessions of one AF (TS 29.122 AsSessionWithQoS), asked for and read."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any
from urllib.parse import quote

from af_client.errors import InvalidReply, NefError, NotFound
from af_client.exchange import MERGE_PATCH, Exchange, document_of, understanding
from af_client.inbox import Inbox
from af_client.messages import EventReport, Session, SessionChanges, SessionRequest, UeAddress
from af_client.schemas.notifications import notification_of
from af_client.schemas.sessions import merge_patch, request_document, session_of
from af_client.transport import Reply

_API = "/3gpp-as-session-with-qos/v1"


class Sessions:
    """What `NefClient` does with sessions; its methods say what each one promises."""

    def __init__(self, exchange: Exchange, af_id: str) -> None:
        self._exchange = exchange
        self._path = f"{_API}/{quote(af_id, safe='')}/subscriptions"

    def create(self, request: SessionRequest) -> Session:
        body = _document(request)
        reply = self._exchange.ask("POST", self._path, body)
        location = reply.header("Location")
        link = self._exchange.resolved(location) if location else None
        with understanding("new session"):
            return session_of(document_of(reply), link)

    def get(self, session_id: str) -> Session:
        return self._session(session_id, self._exchange.ask("GET", self._one(session_id)))

    def list(self, ue: UeAddress | None = None) -> tuple[Session, ...]:
        reply = self._exchange.ask("GET", self._path, query=_query(ue))
        documents = document_of(reply)
        if not isinstance(documents, list):
            raise InvalidReply("the NEF's list of sessions is no JSON array")
        with understanding("list of sessions"):
            sessions = tuple(session_of(document) for document in documents)
        by_gpsi = ue is not None and ue.gpsi is not None
        return tuple(s for s in sessions if not by_gpsi or s.request.ue == ue)

    def replace(self, session_id: str, request: SessionRequest) -> Session:
        body = _document(request)
        return self._session(session_id, self._exchange.ask("PUT", self._one(session_id), body))

    def modify(self, session_id: str, patch: Mapping[str, Any], changes: SessionChanges) -> Session:
        body = {**patch, **merge_patch(changes)}
        if not body:
            raise ValueError("modify_session was given nothing to change")
        reply = self._exchange.ask("PATCH", self._one(session_id), body, content_type=MERGE_PATCH)
        return self._session(session_id, reply)

    def delete(self, session_id: str) -> tuple[EventReport, ...]:
        reply = self._exchange.ask("DELETE", self._one(session_id))
        if not reply.body:
            return ()
        with understanding("last report"):
            return notification_of(document_of(reply)).reports

    @contextmanager
    def held(self, request: SessionRequest, inbox: Inbox | None) -> Iterator[Session]:
        if inbox is not None:
            if not hasattr(inbox, "destined"):
                raise TypeError(f"inbox has a {type(inbox).__name__}; it takes receiver.inbox()")
            request = inbox.destined(request)
        with inbox.awaiting_session() if inbox is not None else nullcontext():
            session = self.create(request)
            try:
                if inbox is not None:
                    inbox.joined(session)
            except BaseException as error:
                self._release(session, error)
                raise
        try:
            yield session
        except BaseException as error:
            self._release(session, error)
            raise
        else:
            self._release(session, None)
        finally:
            if inbox is not None:
                inbox.forget(session.url)

    def _release(self, session: Session, error: BaseException | None) -> None:
        """Delete the session; a fault in that must not hide the error which led here."""
        try:
            self.delete(session.id)
        except NotFound:
            # The network ended it first, or a repeated DELETE found the first one's work.
            return
        except NefError as failure:
            if error is None:
                raise
            error.add_note(f"and the session {session.url} may still exist: {failure}")

    def _session(self, session_id: str, reply: Reply) -> Session:
        if reply.status == 204:
            return self.get(session_id)
        document = document_of(reply)
        link = self._exchange.url(self._one(session_id))
        with understanding("session"):
            return session_of(document, None if _has_link(document) else link)

    def _one(self, session_id: str) -> str:
        return f"{self._path}/{quote(session_id, safe='')}"


def _document(request: SessionRequest) -> dict[str, Any]:
    if request.notification_destination is None:
        raise ValueError(
            "a session needs a notification_destination: the URL of your own receiver,"
            " or qos_session(request, inbox=...) of NotificationReceiver"
        )
    return request_document(request)


def _query(ue: UeAddress | None) -> dict[str, str] | None:
    """Ask for IP addresses by query; there is none for a GPSI, so those are picked out after."""
    if ue is None or ue.gpsi is not None:
        return None
    address = {"ipv4Addr": ue.ipv4} if ue.ipv4 is not None else {"ipv6Addr": ue.ipv6}
    return {"ip-addrs": json.dumps([address], separators=(",", ":"))}


def _has_link(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("self"), str)
