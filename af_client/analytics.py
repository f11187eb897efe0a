"""What the network can tell about a UE (TS 29.522 AnalyticsExposure)."""

from urllib.parse import quote

from af_client.errors import NoAnalytics
from af_client.exchange import Exchange, document_of, understanding
from af_client.messages import Bandwidth
from af_client.schemas.analytics import bandwidth_of, bandwidth_query

_API = "/3gpp-analyticsexposure/v1"


class UeAnalytics:
    """Analytics about one UE; made by `NefClient.ue`."""

    def __init__(self, exchange: Exchange, af_id: str, gpsi: str) -> None:
        self._exchange = exchange
        self._path = f"{_API}/{quote(af_id, safe='')}/fetch"
        self._gpsi = gpsi

    def bandwidth(self) -> Bandwidth:
        """Fetch what a new flow of this UE could get now (DN performance).

        Raises NoAnalytics where the NEF has none, NotFound for a UE that it does not know.
        """
        reply = self._exchange.ask("POST", self._path, bandwidth_query(self._gpsi))
        if reply.status == 204:
            raise NoAnalytics(f"the NEF has no DN performance analytics about {self._gpsi} now")
        with understanding("analytics"):
            return bandwidth_of(document_of(reply))
