"""The page about who may call, held against the code."""

import re
from pathlib import Path

from nef.api.documents import NAMES, api_name, base_path, served
from nef.tokens import attempts, endpoint, jwks, verification
from nef.tokens.clients import SCOPES
from nef.tokens.verification import Rules

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text("utf-8")


def test_every_scope_is_named_with_its_api() -> None:
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| `(/[^`]+)`", PAGE, re.MULTILINE))
    roots = [base_path(served(name)) for name in NAMES]
    assert rows == {api_name(root): root for root in roots}
    assert tuple(rows) == SCOPES


def test_the_figures_are_those_of_the_code() -> None:
    rules = Rules("", "")
    assert (rules.algorithms, rules.leeway_s, rules.af_claim) == (("ES256", "RS256"), 10, "af_ids")
    assert (jwks.FRESH_S, jwks.COOL_S, jwks.TIMEOUT_S) == (600, 10, 5)
    assert (jwks.STALE_S, jwks.MOST_BYTES) == (3600, 1_000_000)
    assert verification.TRUSTED_S == 300
    limits = (endpoint.MOST_TOKENS, endpoint.MOST_FAILED, endpoint.MOST_FAILED_FROM)
    assert (*limits, attempts.WINDOW_S) == (600, 10, 100, 60)
    for figure in (
        "10 minutes",
        "every 10 s",
        "5 s and 1 MB",
        "for an hour",
        "at most 5 minutes",
        "600 tokens",
    ):
        assert figure in PAGE
