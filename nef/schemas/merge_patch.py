"""JSON merge patch, as RFC 7396 section 2 defines it."""

from typing import Any


def merged(target: Any, patch: Any) -> Any:
    """The target with the patch applied; null removes a member. Neither is changed."""
    if not isinstance(patch, dict):
        return patch
    base = target if isinstance(target, dict) else {}
    kept = {key: value for key, value in base.items() if key not in patch}
    new = {key: merged(base.get(key), value) for key, value in patch.items() if value is not None}
    return kept | new
