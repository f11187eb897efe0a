"""The offer of a model in a pool."""

from af_client.delivery.documents import Offer, PartOffer
from af_client.models.manifest import ModelEntry


def offer_of(entry: ModelEntry) -> Offer:
    """Return what a transfer of the model brings."""
    return Offer(
        entry.name,
        PartOffer(entry.topology_bytes, entry.topology_sha256),
        PartOffer(entry.weights_bytes, entry.weights_sha256),
    )
