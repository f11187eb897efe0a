"""The contract as the framework needs it: the documents of `openapi/`, read once a process."""

import copy
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from connexion.decorators.parameter import pythonic

#: The documents this service answers for.
NAMES = (
    "as-session-with-qos",
    "analytics-exposure",
    "monitoring-event",
    "pdtq-policy-negotiation",
    "simulator",
)

#: Of these the one that is no AF's: it controls the simulated network.
CONTROL = "simulator"

#: Characters of what a path names, an AF say.
LONGEST_NAME = 255

#: The methods that operations have.
METHODS = ("get", "put", "post", "patch", "delete")
_API = re.compile(r"/([^/]+/v[0-9][^/]*)(?:/|$)")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def contract(name: str) -> dict[str, Any]:
    """A document as it is written; nobody changes it."""
    text = files("openapi").joinpath(f"{name}.yaml").read_text("utf-8")
    document: dict[str, Any] = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader in C
    return document


def served(name: str) -> dict[str, Any]:
    """A copy of a document, with what connexion cannot do taken out of its way."""
    document = copy.deepcopy(contract(name))
    for item in document["paths"].values():
        for method in item.keys() & set(METHODS):
            operation = item[method]
            # Callbacks are ours to send, not to serve. Who may call is asked by `Authorisation`:
            # connexion lets a bad token through where the contract makes one optional.
            operation.pop("callbacks", None)
            operation.pop("security", None)
            operation["parameters"] = [_as_text(p) for p in operation.get("parameters", [])]
    shared = document.get("components", {}).get("parameters", {})
    shared.update({name: _as_text(parameter) for name, parameter in shared.items()})
    document.pop("security", None)
    return document


def operation_ids(name: str) -> list[str]:
    """The operationIds of a document."""
    items = contract(name)["paths"].values()
    return [item[method]["operationId"] for item in items for method in item.keys() & set(METHODS)]


def _as_text(parameter: dict[str, Any]) -> dict[str, Any]:
    """A query parameter in `content:` form as a string, which the schemas parse.

    connexion answers such a parameter with 500 (seen with 3.3.0).
    """
    if "content" not in parameter:
        return parameter
    plain = {key: value for key, value in parameter.items() if key != "content"}
    return plain | {"schema": {"type": "string"}}


def base_path(document: dict[str, Any]) -> str:
    """The path of an API below the root of the service."""
    url: str = document["servers"][0]["url"]
    return url.removeprefix("{apiRoot}")


def api_name(base_path: str) -> str:
    """The name of an API, which its paths begin with; a token for it has it as a scope."""
    return base_path.split("/")[1]


@cache
def apis() -> tuple[str, ...]:
    """The APIs that are served, each as its name and its version: "simulator/v1"."""
    return tuple(base_path(contract(name)).strip("/") for name in NAMES)


def api_at(path: str) -> str | None:
    """The API that a path names, as its name and its version, served or not (TS 29.501 4.4.1)."""
    found = _API.match(path)
    return None if found is None else found[1]


def path_pattern(path: str) -> re.Pattern[str]:
    """What matches the paths of a resource; its groups are the parameters, as Python names them.

    Nothing is named by a NUL or at more length, and PostgreSQL refuses even to look for the first
    and to keep the second.
    """
    *parts, last = re.split(r"\{([^}]*)\}", path)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    part = rf"[^/\x00]{{1,{LONGEST_NAME}}}"
    text = "".join(f"{re.escape(literal)}(?P<{pythonic(name)}>{part})" for literal, name in pairs)
    return re.compile(f"{text}{re.escape(last)}")


@dataclass(frozen=True, slots=True)
class Resource:
    """A path of the contract, the names of what varies in it, and the methods it has.

    It is the path `template` of a `document`.
    """

    document: str
    template: str
    pattern: re.Pattern[str]
    variables: tuple[str, ...]
    methods: tuple[str, ...]


@cache
def resources() -> tuple[Resource, ...]:
    """Every path of every document."""
    found = []
    for name in NAMES:
        document = contract(name)
        for path, item in document["paths"].items():
            methods = tuple(m.upper() for m in METHODS if m in item)
            variables = tuple(re.findall(r"\{([^}]*)\}", path))
            pattern = path_pattern(base_path(document) + path)
            found.append(Resource(name, path, pattern, variables, methods))
    return tuple(found)


def resource_at(path: str) -> Resource | None:
    """The resource at a path, None where there is none."""
    return next((r for r in resources() if r.pattern.fullmatch(path)), None)
