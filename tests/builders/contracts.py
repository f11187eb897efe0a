"""The contract, to hold against it what was sent."""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

FOLDER = Path(__file__).parents[2] / "openapi"


@cache
def _schemas(document: str) -> dict[str, Any]:
    schemas: dict[str, Any] = yaml.safe_load((FOLDER / document).read_text("utf-8"))["components"]
    return schemas["schemas"]  # type: ignore[no-any-return]


def breaches(document: str, schema: str, value: Any) -> list[str]:
    """What a value breaks of a schema of a document of `openapi/`; nothing where it keeps it."""
    root = {
        "$ref": f"#/components/schemas/{schema}",
        "components": {"schemas": _schemas(document)},
    }
    validator = jsonschema_rs.Draft4Validator(root)
    return [error.message for error in validator.iter_errors(value)]
