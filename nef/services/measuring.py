"""The measurements of sessions: watched at each tick, and summed up when a session ends.

What is watched of a session is a subscription of its own in the store, under the session's id. It
is written in the transaction that changes the session, and in the one that tells something.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nef.domain.measuring import SessionWatch, first_look, look, next_look, watch_of
from nef.domain.notifications import SessionEvents
from nef.domain.sessions import Session, Usage
from nef.domain.subscriptions import Api, Subscription
from nef.domain.usage import counted_up, usage_of
from nef.ports.metering import Metering
from nef.ports.storage import UnitOfWork
from nef.services.subscriptions import Look


@dataclass(frozen=True)
class SessionMeasuring:
    """Watches what sessions carry; a `Watch` of the subscriptions in the store."""

    metering: Metering

    def look(self, subscription: Subscription[Any], now_s: float) -> Look:
        """What is to be told now, and when to look again."""
        watch: SessionWatch = subscription.body
        measured = self.metering.measure(subscription.id, watch.window_ms, now_s)
        carried = self.metering.carried_bytes(subscription.id)
        after, reports = look(watch, measured, carried, now_s)
        contents = (SessionEvents(reports),) if reports else ()
        return Look(after, next_look(after, measured, now_s), contents)

    def destination(self, subscription: Subscription[Any]) -> str:
        """Where the reports of a session go."""
        watch: SessionWatch = subscription.body
        return watch.destination

    def weight(self, body: object) -> int:  # noqa: ARG002 - each is as much work as another
        """One look."""
        return 1

    def watches(self, session: Session) -> bool:
        """Whether there is anything of a session to be watched."""
        return watch_of(session, None, 0.0) is not None

    def begin(self, work: UnitOfWork, session: Session, now_s: float) -> None:
        """Watch what a session asks for that was not watched before."""
        watch = watch_of(session, None, now_s)
        if watch is not None:
            due = first_look(watch, now_s)
            work.subscriptions.add(
                Subscription(session.id, session.af_id, Api.SESSIONS, watch, now_s, due)
            )

    def follow(self, work: UnitOfWork, session: Session, now_s: float) -> None:
        """Watch what a changed session asks for; what it asked for before goes on."""
        row = work.subscriptions.get(Api.SESSIONS, session.id)
        if row is None:
            self.begin(work, session, now_s)
            return
        watch = watch_of(session, row.body, now_s)
        if watch is None:
            work.subscriptions.remove(Api.SESSIONS, session.id)
            return
        # Also where nothing has changed: a look that is under way must not tell of it the old
        # way, and ends in a conflict.
        work.subscriptions.replace(replace(row, body=watch, due=first_look(watch, now_s)))

    def end(
        self, work: UnitOfWork, session: Session, carried: Mapping[str, int], now_s: float
    ) -> Usage | None:
        """Watch a session no longer; what it used in all, if it has a threshold of usage.

        `carried` are the bytes by the name of their counter, which only a threshold needs.
        """
        if not self.watches(session):
            return None  # there is no row; most sessions have none
        row = work.subscriptions.get(Api.SESSIONS, session.id)
        if row is None:
            return None
        work.subscriptions.remove(Api.SESSIONS, session.id)
        watch: SessionWatch = row.body
        if watch.threshold is None:
            return None
        return usage_of(counted_up(watch.counted, carried), watch.begun_s, now_s)
