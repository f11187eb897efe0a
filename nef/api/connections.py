"""Connections that are given up: whose request does not come to its end, or is all header.

uvicorn closes a connection that is idle between two requests (after 5 s), bounds the header where
it parses with h11, and nothing else: who connects and says nothing, or says it byte by byte, is
waited for without end, as is who asks for much and does not read it, or who says what is no part of
a request. It reads and keeps any number of requests that come before they are answered. httptools
keeps a header of any size, and takes fields behind a body for those before it; of a request that
offers to speak another protocol, as HTTP/2 by `Upgrade: h2c`, it takes the body for the other one.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from nef.api.errors import problem

#: What uvicorn says of a client that speaks no good HTTP: it is told so, and anybody could fill the
#: log with that.
_OF_CLIENTS = logging.getLogger("uvicorn.error.clients")
_OF_CLIENTS.setLevel(logging.ERROR)

#: From connecting, or from the first byte of a further request, until its last byte is here.
REQUEST_S = 20.0
#: How long an answer may wait for a client that reads hardly anything of it, and how much is more.
ANSWER_S, LEAST_READ_BYTES = 20.0, 65_536
#: Of a request's line and header fields together; and of the fields behind a body.
MAX_HEADER_BYTES = 65_536
#: Requests of a connection that wait for the answers of earlier ones; of more nothing is heard.
MOST_WAITING = 64


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, whose patience has an end.

    Where connections reach uvicorn's `limit_concurrency`, the next one is turned away.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        """As uvicorn makes it."""
        super().__init__(*args, **more)
        self.logger = _OF_CLIENTS
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._answering: RequestResponseCycle | None = None
        self._field_bytes = 0
        self._in_header, self._complete, self._got_on = True, False, False
        self._is_websocket = self._is_deaf = self._lacks_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait, unless there are too many already."""
        super().connection_made(transport)
        if self.limit_concurrency and len(self.connections) >= self.limit_concurrency:
            self._turn_away(f"there are {self.limit_concurrency - 1} connections")
            # It may take its time to go, and is none of those that are served.
            self.connections.discard(self)
            return
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on, and wait for the rest of a request no longer than for all of it."""
        if self._is_deaf:
            self.flow.pause_reading()  # uvicorn resumes it with each answer
            return
        self._got_on = False
        self._read(data)
        self._field_bytes = 0 if self._got_on else self._field_bytes + len(data)
        if self._field_bytes > MAX_HEADER_BYTES:
            self._refuse_header()
        elif self._deadline is None and self._is_awaited():
            self._wait()

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._lacks_body:
            return
        super().on_message_begin()
        self._in_header, self._complete, self._field_bytes = True, False, 0

    def on_url(self, url: bytes) -> None:
        """A part of what it is about."""
        if not self._lacks_body:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the header; one behind the body is nobody's (RFC 9110 6.5.1)."""
        if self._in_header:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Its header is here, perhaps all at once."""
        if self._lacks_body:
            self._lacks_body = False
            return
        self._in_header = False
        if len(self.url) + sum(len(n) + len(v) for n, v in self.headers) > MAX_HEADER_BYTES:
            self._refuse_header()
            raise ValueError("a header that is too large")  # so that nothing more is parsed
        if self.limit_concurrency and len(self.tasks) >= self.limit_concurrency:
            # Those too whose client has gone; uvicorn would say so in plain text.
            self._turn_away(f"{self.limit_concurrency - 1} requests are under way")
            raise ValueError("too many requests under way")  # so that nothing more is parsed
        super().on_headers_complete()
        offers = self.parser.should_upgrade() and not self._should_upgrade()
        self._lacks_body = offers and bool(self._framing())
        if len(self.pipeline) > MOST_WAITING:
            self._hears_no_more()
            raise ValueError("too many requests at once")  # so that nothing more is parsed

    def on_body(self, body: bytes) -> None:
        """A part of what comes behind its header."""
        super().on_body(body)
        self._got_on = True

    def on_message_complete(self) -> None:
        """All of it is here."""
        if self._lacks_body:
            return
        super().on_message_complete()
        self._in_header, self._complete, self._got_on = False, True, True
        self._wait_no_more()  # a further one that has come with its end has all the time again

    def send_400_response(self, msg: str) -> None:
        """What was sent is no request; uvicorn would say so in plain text."""
        detail = f"{msg.rstrip('.')}: nothing of it was carried out"
        self._refuse(HTTPStatus.BAD_REQUEST, "INVALID_MSG_FORMAT", detail)

    def handle_websocket_upgrade(self) -> None:
        """The connection is a websocket's from now on, which has pings of its own."""
        self._is_websocket = True
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """The client reads too slowly, or not at all: in the second case it is left."""
        super().pause_writing()
        self._watch_reading()

    def resume_writing(self) -> None:
        """It reads."""
        self._is_read()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nobody."""
        self._wait_no_more()
        self._is_read()
        self._say_no_more()
        super().connection_lost(exc)

    def _read(self, data: bytes) -> None:
        """As uvicorn does, but where another protocol is offered, and not taken (RFC 9110 7.8)."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as stopped:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
                return
            rest = data[stopped.args[0] :]
            if self._lacks_body:  # httptools has to be told anew that one comes, and how it ends
                lines = [b"POST / HTTP/1.1", *(b"%s: %s" % one for one in self._framing())]
                rest = b"\r\n".join([*lines, b"", rest])
            self._read(rest)
        except httptools.HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self.send_400_response("Invalid HTTP request received.")

    def _framing(self) -> list[tuple[bytes, bytes]]:
        """The fields that say that there is a body, and where it ends."""
        return [one for one in self.headers if one[0] in (b"content-length", b"transfer-encoding")]

    def _is_awaited(self) -> bool:
        """Whether it is the client's turn; between two requests too, for blank lines begin none."""
        if self._is_deaf or self._is_websocket:
            return False
        return not self._complete or self.cycle.response_complete

    def _hears_no_more(self) -> bool:
        """Whether whole requests are to be answered yet: they are, and the last answer ends it.

        It says so to the client, who knows by that what was not heard (RFC 9112 9.6).
        """
        if self.pipeline and self.pipeline[0][0].more_body:
            self.pipeline.popleft()
        last = self.pipeline[0][0] if self.pipeline else self._answering
        if last is None or last.more_body or last.response_complete:
            return False
        last.keep_alive, self._is_deaf = False, True
        return True

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_S, self._give_up)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _say_no_more(self) -> None:
        # uvicorn lets the last request know, which is not the one that is being answered where a
        # client sends several at once: that one would write to nobody, and fail.
        if self._answering is not None:
            self._answering.disconnected = True

    def _watch_reading(self) -> None:
        left_bytes = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(ANSWER_S, self._leave, left_bytes)

    def _leave(self, left_bytes: int) -> None:
        """Wait no longer, unless not much of what was left is left still."""
        if self.transport.get_write_buffer_size() <= left_bytes - LEAST_READ_BYTES:
            self._watch_reading()
            return
        self._say_no_more()
        self.transport.abort()

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _give_up(self) -> None:
        """Nobody is waited for, unless it is us who keep him waiting (RFC 9110 15.5.9)."""
        answering = self.cycle is not None and not self.cycle.response_complete
        if self.pipeline or (answering and not self.cycle.more_body):
            self._wait()
            return
        detail = f"the request was not complete within {REQUEST_S:g} s"
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, None, detail)

    def _turn_away(self, why: str) -> None:
        detail = f"{why}, and may not be more"
        self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "NF_CONGESTION", detail, b"1")

    def _refuse_header(self) -> None:
        detail = f"the header is larger than {MAX_HEADER_BYTES} bytes"
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self._refuse(status, None, detail)

    def _refuse(
        self, status: HTTPStatus, cause: str | None, detail: str, retry_after_s: bytes | None = None
    ) -> None:
        """Say why, and close; whoever works on the request is told that its client has gone.

        Not where others wait for their answers, for one of which this would be taken.
        """
        if self.transport.is_closing() or self._hears_no_more():
            return
        body = problem(status, cause, detail)
        lines = [
            b"HTTP/1.1 %d %s" % (status.value, status.phrase.encode()),
            b"content-type: application/problem+json",
            b"content-length: %d" % len(body),
            b"connection: close",
        ]
        if retry_after_s:
            lines.append(b"retry-after: " + retry_after_s)
        self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()
