"""A client of the control API, for commands: what it is refused becomes the command's last line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import click
import requests

from nef.network.access import Access
from nef.network.unreached import unreached

_TIMEOUT_S = (3.05, 600.0)


@dataclass(frozen=True)
class Control:
    """The control API of a NEF at a URL."""

    nef_url: str
    access: Access

    def ask(self, method: str, *path: str, body: Any = None, **query: Any) -> Any:
        """Call an operation, by the parts of its path; its document, None where there is none.

        Raises ClickException where nobody answers, or with what is wrong in the names of the API.
        """
        place = "/".join(quote(part, safe="") for part in path)
        url = f"{self.nef_url.rstrip('/')}/simulator/v1/{place}"
        try:
            with self.access.session() as session:
                answer = session.request(
                    method, url, json=body, params=query, timeout=_TIMEOUT_S, allow_redirects=False
                )
        except requests.RequestException as error:
            raise click.ClickException(unreached(url, error)) from None
        if answer.status_code == requests.codes.unauthorized:
            how = "nef sim takes --token-url and --client-secret-file before its command"
            raise click.ClickException(f"{_reason(answer)} ({how})")
        if not answer.ok:
            raise click.ClickException(_reason(answer))
        return answer.json() if answer.content else None


def _wrong(one: Mapping[str, str]) -> str:
    param, reason = one["param"], one["reason"]
    # A part of the path is an argument of the command, which calls it otherwise.
    return reason if param.startswith("{") else f"{param}: {reason}"


def _reason(answer: requests.Response) -> str:
    try:
        problem = answer.json()
        wrong = problem.get("invalidParams", ())
        told = "; ".join(map(_wrong, wrong))
        return told or problem.get("detail") or problem["title"]
    except (ValueError, LookupError, TypeError, AttributeError):
        return f"{answer.url} answered with {answer.status_code}"
