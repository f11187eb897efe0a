"""The models that a device could use without a transfer."""

from dataclasses import dataclass

from af_client.delivery.documents import Offer, model_key
from af_client.delivery.incoming import Received
from af_client.delivery.offering import offer_of
from af_client.device.store import ModelStore, NotHeld
from af_client.models.pool import Pool

Parts = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Preinstalled:
    """A model that came with the device: never the best one, but there from the first moment."""

    offer: Offer
    topology: bytes
    weights: bytes


def preinstalled(pool: Pool, name: str) -> Preinstalled:
    """Take a model of a pool; raises LookupError, and PoolUnusable where it is damaged."""
    split = pool.split(name)
    return Preinstalled(offer_of(pool.entry(name)), split.topology, split.weights)


class Library:
    """What is in a device's store, and the model that came with it; either may be missing.

    The latter is not in the store: it takes none of its space and is never let go.
    """

    def __init__(
        self, store: ModelStore | None = None, preinstalled: Preinstalled | None = None
    ) -> None:
        self._store, self._preinstalled = store, preinstalled

    @property
    def held(self) -> tuple[Offer, ...] | None:
        """What could be used now, the last used first; None where nothing is ever held."""
        if self._store is None and self._preinstalled is None:
            return None
        stored = () if self._store is None else self._store.held
        own = () if self._preinstalled is None else (self._preinstalled.offer,)
        return (*stored, *own)

    def is_preinstalled(self, offer: Offer) -> bool:
        """Whether it is the model that came with the device."""
        own = self._preinstalled
        return own is not None and model_key(own.offer) == model_key(offer)

    def fetch(self, offer: Offer) -> Parts:
        """Return topology and weights of a model, as they were offered; raises NotHeld."""
        if self._preinstalled is not None and self.is_preinstalled(offer):
            return self._preinstalled.topology, self._preinstalled.weights
        if self._store is None:
            raise NotHeld(f"{offer.variant} is not on this device")
        return self._store.fetch(offer)

    def keep(self, received: Received) -> None:
        """Keep a model that is in use, if it is whole: what has gaps would not be the model."""
        if self._store is None or self.is_preinstalled(received.offer):
            return
        if received.weights_intact:
            self._store.keep(received.offer, received.topology, received.weights)

    def drop(self, offer: Offer, reason: str) -> None:
        """Let a model go that could not be loaded."""
        if self._preinstalled is not None and self.is_preinstalled(offer):
            self._preinstalled = None
        elif self._store is not None:
            self._store.drop(offer, reason)
