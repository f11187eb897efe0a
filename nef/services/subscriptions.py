"""Subscriptions of any API but sessions: kept for their AF, and looked at whenever they are due.

What is to be told is worked out by a `Watch` of the API, without any lock or transaction; then
the new state of the subscription and the notification are written together, so that each thing is
told once, also across a restart.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from nef.domain.destinations import OVER_WEBSOCKET
from nef.domain.errors import Conflict, NotFound, NotReady
from nef.domain.notifications import Content, Notification
from nef.domain.subscriptions import Api, Due, Subscription
from nef.ports.clock import Clock
from nef.ports.storage import Storage
from nef.services.quotas import Quota

_BATCH = 500
#: A moment of the clock, which carries the noise of a float of the epoch, is this exact.
INSTANT_S = 1e-6
# A notification is due at once, whatever the simulated time is: receivers live in the real one.
_AT_ONCE_S = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a subscription led to.

    `body` and `due` are as in `Subscription`; `contents` are told in this order; then, where it is
    `over`, the subscription ends.
    """

    body: Any
    due: Due
    contents: tuple[Content, ...] = ()
    over: bool = False


class Watch(Protocol):
    """How the subscriptions of one API are looked at."""

    def look(self, subscription: Subscription[Any], now_s: float) -> Look:
        """What is to be told now, and when to look again."""
        ...

    def destination(self, subscription: Subscription[Any]) -> str:
        """Where its notifications go."""
        ...

    def weight(self, body: Any) -> int:
        """How many looks one look at it is; that is what an AF may have so many of."""
        ...


@dataclass
class SubscriptionService:
    """Keeps subscriptions; `notify` is called after something was put into the outbox.

    `revision` gives a number that is another one whenever anything in the network, or of what its
    flows have carried, stands otherwise than before.
    """

    storage: Storage
    clock: Clock
    watches: Mapping[Api, Watch]
    new_id: Callable[[], str]
    notify: Callable[[], None]
    revision: Callable[[], int]
    quota: Quota = field(default_factory=Quota)
    _seen: int = -1

    def add(
        self,
        af_id: str,
        api: Api,
        body: Any,
        due: Due,
        contents: tuple[Content, ...] = (),
    ) -> Subscription[Any]:
        """Keep a new one, and tell what is to be told at once; raises QuotaExceeded."""
        weight = self.watches[api].weight(body)
        self.quota.take(af_id, weight)
        now_s = self.clock.now_s()
        subscription: Subscription[Any] = Subscription(
            self.new_id(), af_id, api, body, now_s, due.not_before(now_s), weight=weight
        )
        with self.storage.transaction() as work:
            subscription = work.subscriptions.add(subscription)
            for content in contents:
                work.outbox.add(self._notification(subscription, content, now_s), _AT_ONCE_S)
        if contents:
            self.notify()
        return subscription

    def read(self, af_id: str, api: Api, subscription_id: str) -> Subscription[Any]:
        """One of this AF's; raises NotFound, also for what belongs to another AF."""
        with self.storage.reading() as work:
            found = work.subscriptions.get(api, subscription_id)
        if found is None or found.af_id != af_id:
            raise NotFound(f"the AF {af_id} has no subscription {subscription_id}")
        return found

    def wants_websocket(self, af_id: str, api: Api, subscription_id: str) -> bool:
        """Whether there is such a subscription of this AF, with its notifications by websocket."""
        try:
            found = self.read(af_id, api, subscription_id)
        except NotFound:
            return False
        return self.watches[api].destination(found) == OVER_WEBSOCKET

    def of_af(self, af_id: str, api: Api) -> Sequence[Subscription[Any]]:
        """All of this AF's, oldest first."""
        with self.storage.reading() as work:
            return work.subscriptions.of_af(api, af_id)

    def change(
        self,
        af_id: str,
        api: Api,
        subscription_id: str,
        revise: Callable[[Any], tuple[Any, Due]],
    ) -> Subscription[Any]:
        """Replace its body and due time by what `revise` makes of the body.

        What waits in the outbox goes to where the new one wants it. Raises NotFound, QuotaExceeded,
        and whatever `revise` raises; then nothing has changed.
        """
        while True:
            subscription = self.read(af_id, api, subscription_id)
            body, due = revise(subscription.body)
            due, weight = due.not_before(self.clock.now_s()), self.watches[api].weight(body)
            if weight > subscription.weight:
                self.quota.take(af_id, weight - subscription.weight)
            changed = replace(subscription, body=body, due=due, weight=weight)
            before, after = self._destinations(subscription, changed)
            try:
                with self.storage.transaction() as work:
                    changed = work.subscriptions.replace(changed)
                    if before != after:
                        work.outbox.redirect(subscription.id, after)
            except Conflict:
                continue  # a tick was quicker; what it wrote is read again
            self.notify()
            return changed

    def remove(self, af_id: str, api: Api, subscription_id: str) -> None:
        """End one for its AF, which is told nothing more about it; raises NotFound."""
        self.read(af_id, api, subscription_id)
        with self.storage.transaction() as work:
            work.subscriptions.remove(api, subscription_id)
            work.outbox.drop(subscription_id)

    def tick(self) -> None:
        """Look at all that are due, once each.

        One that cannot be looked at keeps no other from being told; at the end all that was
        raised is raised as an ExceptionGroup. Raises NotReady at once, for that keeps all.
        """
        now_s, revision, failures = self.clock.now_s(), self.revision(), []
        for subscription in self._due(now_s, changed=revision != self._seen):
            try:
                self._look(subscription, _moment_s(subscription, now_s))
            except NotReady:
                raise
            except Exception as failure:
                failures.append(failure)
        if failures:
            raise ExceptionGroup("subscriptions could not be looked at", failures)
        self._seen = revision

    def is_behind(self) -> bool:
        """Whether something has changed since the last look."""
        return self.revision() != self._seen

    def next_due(self) -> Due:
        """When any is to be looked at next, after what is due now.

        The end of a session is a change of the network, but none that anything there announces.
        """
        after_s = self.clock.now_s() + INSTANT_S
        with self.storage.reading() as work:
            due = work.subscriptions.next_due(after_s)
            return due.at_latest(work.sessions.next_expiry_s(after_s)) if due.on_change else due

    def _due(self, now_s: float, *, changed: bool) -> Iterator[Subscription[Any]]:
        last = 0
        while True:
            with self.storage.reading() as work:
                due = work.subscriptions.due(now_s + INSTANT_S, last, _BATCH, changed=changed)
            yield from due
            if len(due) < _BATCH:
                return
            last = due[-1].number

    def _look(self, subscription: Subscription[Any], now_s: float) -> None:
        look = self.watches[subscription.api].look(subscription, now_s)
        due = look.due.not_before(subscription.due.at_s)
        after = replace(subscription, body=look.body, due=due)
        if after == subscription and not (look.contents or look.over):
            return
        # So a restart, which lives through its last moments again, tells nothing twice.
        after = replace(after, due=due.not_before(now_s))
        try:
            with self.storage.transaction() as work:
                work.subscriptions.replace(after)
                for content in look.contents:
                    work.outbox.add(self._notification(after, content, now_s), _AT_ONCE_S)
                if look.over:
                    work.subscriptions.remove(after.api, after.id)
        except Conflict:
            return  # its AF changed or ended it meanwhile; the next tick looks at what there is
        if look.contents:
            self.notify()

    def _notification(
        self, subscription: Subscription[Any], content: Content, now_s: float
    ) -> Notification:
        destination = self.watches[subscription.api].destination(subscription)
        return Notification(subscription.id, subscription.af_id, destination, content, now_s)

    def _destinations(self, before: Subscription[Any], after: Subscription[Any]) -> tuple[str, str]:
        watch = self.watches[before.api]
        return watch.destination(before), watch.destination(after)


def _moment_s(subscription: Subscription[Any], now_s: float) -> float:
    """The moment of a look: the very one at which it is due, where that is now."""
    due_at_s = subscription.due.at_s
    return now_s if due_at_s is None or abs(due_at_s - now_s) > INSTANT_S else due_at_s
