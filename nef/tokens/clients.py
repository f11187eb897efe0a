"""The clients of the built-in issuer: a file that `nef client` writes and `nef serve` reads."""

import hmac
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from nef.domain.errors import InvalidValue
from nef.tokens.secret_files import check_status, write_secret

#: The scopes there are, one for each API; by its name, which is how its paths begin.
SCOPES = (
    "3gpp-as-session-with-qos",
    "3gpp-analyticsexposure",
    "3gpp-monitoring-event",
    "3gpp-pdtq-policy-negotiation",
    "simulator",
)
#: What an AF gets unless something else is said: the simulated network is not its business.
AF_SCOPES = SCOPES[:-1]
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who may have tokens: as which AFs, and for which APIs."""

    client_id: str
    secret_sha256: str = field(repr=False)
    af_ids: tuple[str, ...] = ()
    scopes: tuple[str, ...] = AF_SCOPES

    def is_proved_by(self, secret: str) -> bool:
        """Whether this is its secret."""
        return hmac.compare_digest(self.secret_sha256, _hash(secret))


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients by their ids, and the private key with which their tokens are signed."""

    signing_key: Mapping[str, str] = field(repr=False)
    clients: Mapping[str, Client] = field(default_factory=dict)

    @classmethod
    def none_yet(cls) -> "Clients":
        """No client, and a new key."""
        parameters: Any = {"use": "sig", "alg": "ES256"}
        key = ECKey.generate_key("P-256", parameters, auto_kid=True)
        return cls({name: str(value) for name, value in key.as_dict(private=True).items()})

    def key(self) -> ECKey:
        """The private key; raises InvalidValue."""
        wrong = "signing_key is no private key (JWK, EC, P-256)"
        try:
            key = ECKey.import_key(dict(self.signing_key))
        except (JoseError, ValueError, TypeError):
            raise InvalidValue(wrong) from None
        if not key.is_private or key.curve_name != "P-256":
            raise InvalidValue(wrong)
        return key

    def with_client(
        self, client_id: str, af_ids: Sequence[str] = (), scopes: Sequence[str] = AF_SCOPES
    ) -> tuple["Clients", str]:
        """Add a client, or give it another secret; returns its secret, which is kept nowhere.

        A secret is 256 bits of chance and nobody's password, so that one SHA-256 of it is as hard
        to guess as it is. Without `af_ids` the client acts as the AF of its own name. Raises
        InvalidValue for a name or scope that cannot be.
        """
        # Whoever drives the simulation alone needs to be no AF.
        by_its_name = () if set(scopes).isdisjoint(AF_SCOPES) else (client_id,)
        for name in tuple(af_ids) or by_its_name:
            _check_af(name)
        secret = secrets.token_urlsafe(32)
        entry = {"secret_sha256": _hash(secret), "af_ids": list(af_ids), "scopes": list(scopes)}
        client = _client(client_id, entry)
        return replace(self, clients={**self.clients, client_id: client}), secret

    def without(self, client_id: str) -> "Clients":
        """Remove a client; raises InvalidValue where there is none of this id."""
        if client_id not in self.clients:
            raise InvalidValue(f"there is no client {client_id!r}")
        left = {name: one for name, one in self.clients.items() if name != client_id}
        return replace(self, clients=left)


def load_clients(path: Path) -> Clients:
    """The clients of a file, which others cannot open; raises InvalidValue: where what is wrong."""
    try:
        with path.open(encoding="utf-8") as file:
            found = os.fstat(file.fileno())
            document = yaml.safe_load(file.read())
    except FileNotFoundError:
        raise InvalidValue(f"there is no file {path}; nef client add makes it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        # What it says of itself quotes the line, which may be the key.
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise InvalidValue(f"{path} cannot be read: it is not YAML{where}") from None
    if not isinstance(document, dict) or not isinstance(document.get("clients"), dict):
        raise InvalidValue(f"{path} must have 'signing_key' and 'clients'; nef client add makes it")
    try:
        entries = {str(n): _client(str(n), one) for n, one in document["clients"].items()}
        clients = Clients(document.get("signing_key") or {}, entries)
        clients.key()
    except InvalidValue as error:
        raise InvalidValue(f"{path}: {error}") from None
    check_status(path, "a key that makes tokens", found)
    return clients


def save_clients(path: Path, clients: Clients) -> None:
    """Write the clients to a file that only its owner can read; raises OSError."""
    entries = {
        name: {
            "secret_sha256": one.secret_sha256,
            "af_ids": list(one.af_ids),
            "scopes": list(one.scopes),
        }
        for name, one in clients.clients.items()
    }
    document = {"signing_key": dict(clients.signing_key), "clients": entries}
    write_secret(path, yaml.safe_dump(document, sort_keys=False))


def _client(name: str, entry: Any) -> Client:
    # A name travels in the user of HTTP's basic authentication (RFC 7617 2), and in paths.
    if not name or len(name) > 200 or not name.isprintable() or ":" in name:
        raise InvalidValue(
            f"a client's id is up to 200 printable characters without ':', not {name[:80]!r}"
        )
    if not isinstance(entry, dict):
        raise InvalidValue(f"the client {name} must have 'secret_sha256', 'af_ids' and 'scopes'")
    digest = entry.get("secret_sha256")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise InvalidValue(f"the client {name} must have 'secret_sha256', 64 hexadecimal digits")
    scopes = _texts(name, "scopes", entry.get("scopes", list(AF_SCOPES)))
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise InvalidValue(f"there is no scope {unknown[0]!r}; there are: {', '.join(SCOPES)}")
    return Client(name, digest, _texts(name, "af_ids", entry.get("af_ids")) or (name,), scopes)


def _check_af(name: str) -> None:
    """Raise InvalidValue for an AF that could never ask for anything, whatever its token."""
    if not name or "/" in name or name in (".", ".."):
        raise InvalidValue(
            f"the AF {name!r} can call nothing: it is one part of a path, in which no '/' stands"
            " and which is not '.' or '..'; --af gives a client another AF than its own name"
        )


def _texts(name: str, what: str, entry: Any) -> tuple[str, ...]:
    entries = [] if entry is None else entry
    if not isinstance(entries, list) or not all(isinstance(one, str) and one for one in entries):
        raise InvalidValue(f"the client {name} must have {what!r} as a list of texts")
    return tuple(entries)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
