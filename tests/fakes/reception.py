"""A reception without a server: the test is the network that posts."""

from typing import Any

from af_client.inbox import Receipt
from af_client.mailbox import Box


class FakeReception:
    """Lends URLs and remembers which box lies behind each."""

    def __init__(self) -> None:
        self.boxes: dict[str, Box] = {}
        self.lent = 0

    def lend(self, box: Box) -> str:
        self.lent += 1
        url = f"http://af.example/notifications/{self.lent}"
        self.boxes[url] = box
        return url

    def take_back(self, url: str) -> None:
        self.boxes.pop(url).close()

    def post(self, url: str, document: Any, delivery_id: str | None = None) -> Receipt:
        """Deliver a document, as the server behind the URL would."""
        return self.boxes[url].receive(document, delivery_id)

    def close(self) -> None:
        """End, as a receiver does: its boxes are closed, but nobody gave them back."""
        for box in self.boxes.values():
            box.close()
