"""The settings of a service, and the operator's catalogue of QoS profiles."""

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from nef.domain.destinations import TO_THIS_MACHINE, CallbackPolicy, shown
from nef.domain.errors import InvalidValue
from nef.domain.internet import is_loopback
from nef.domain.profiles import profile_of
from nef.domain.qos import Catalogue, QosProfile
from nef.tokens.clients import Clients
from nef.tokens.verification import ALGORITHMS, Rules


@dataclass(frozen=True, slots=True)
class BuiltInIssuer:
    """Tokens of this service's own, for these clients; `lifetime_s` is how long each lasts."""

    clients: Clients
    lifetime_s: int = 3600


@dataclass(frozen=True, slots=True)
class ExternalIssuer:
    """Tokens of somebody else, who publishes his keys at `jwks_url`.

    The service itself is `rules.audience`. Raises InvalidValue where the keys could be changed on
    the way, or an algorithm is none that signs with a private key.
    """

    jwks_url: str
    rules: Rules

    def __post_init__(self) -> None:
        """Refuse what would let anybody in."""
        url = urlsplit(self.jwks_url)
        safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname or ""))
        if not url.hostname or not safe:
            where = shown(self.jwks_url)
            raise InvalidValue(f"keys are fetched over https, and not from {where!r}")
        wrong = sorted(set(self.rules.algorithms) - set(ALGORITHMS))
        if wrong or not self.rules.algorithms:
            known = ", ".join(ALGORITHMS)
            raise InvalidValue(f"tokens are signed by any of {known}; not by {wrong or 'none'}")


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of PEM: the service's certificate with its chain, and its key, if that is elsewhere.

    With `client_ca` only clients with a certificate of one of its authorities are served.
    """

    certificate: Path
    key: Path | None = None
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask for; 0 is without a limit.

    All but `items` (of a body) and `connections` are for each AF, and each process that serves
    counts for itself. A websocket is a connection too: no AF can take all of them.
    """

    requests_a_second: int = 1000
    items: int = 10_000
    sessions: int = 100_000
    subscriptions: int = 1000
    websockets: int = 500
    connections: int = 1000


_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; docs/configuration.md says what for.

    `public_url` is the root under which AFs reach the service, without a slash at its end;
    `scenario` the name of one that ships, or a document. `callbacks` allows receivers on this
    machine, as is right for a service that nobody else can reach. Without an `issuer` of tokens
    there is no authorisation.
    """

    database_url: str = field(default="sqlite:///nef.sqlite3", repr=False)  # holds a password
    public_url: str = "http://127.0.0.1:8080"
    scenario: str | dict[str, Any] = "steady"
    mode: str = "real"
    seed: int | None = None
    catalogue: Path | None = None
    tick_s: float = 0.1
    deliverers: int = 8
    max_body_bytes: int = 1_000_000
    drain_s: float = 0.0
    metrics: str = "loopback"
    callbacks: CallbackPolicy = TO_THIS_MACHINE
    issuer: BuiltInIssuer | ExternalIssuer | None = None
    tls: Tls | None = None
    limits: Limits = _LIMITS


def load_catalogue(path: Path | None) -> Catalogue:
    """The catalogue of a YAML file, None for the shipped one.

    Raises InvalidValue that names the file, the profile and what is wrong with it.
    """
    return _catalogue_of(path.read_text("utf-8"), str(path)) if path else _shipped_catalogue()


@cache
def _shipped_catalogue() -> Catalogue:
    name = "qos_profiles.yaml"
    return _catalogue_of(files("nef").joinpath(name).read_text("utf-8"), name)


def _catalogue_of(text: str, name: str) -> Catalogue:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidValue(f"{name} is not YAML: {error}") from None
    entries = document.get("profiles") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise InvalidValue(f"{name} must have a list of 'profiles'")
    return Catalogue([_profile(f"{name}: profiles[{i}]", e) for i, e in enumerate(entries)])


def _profile(where: str, entry: Any) -> QosProfile:
    try:
        return profile_of(entry)
    except InvalidValue as error:
        raise InvalidValue(f"{where}: {error}") from None
