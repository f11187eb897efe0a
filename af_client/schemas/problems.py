"""`ProblemDetailsAsSessionWithQos`, read leniently: half an explanation beats none."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from af_client.errors import AcceptableRate, InvalidParam, Problem
from af_client.schemas.base import RateField
from af_client.transport import Reply

#: What a page of a proxy may add to an error's text.
_EXCERPT_CHARS = 200


class _Lenient(Schema):
    class Meta:
        unknown = EXCLUDE


class InvalidParamSchema(_Lenient):
    """`InvalidParam`."""

    param = fields.String(required=True)
    reason = fields.String()


class RatesSchema(_Lenient):
    """The bandwidths of a `MediaComponent`, or of `AcceptableServiceInfo` itself."""

    max_rate_dl_bps = RateField(data_key="marBwDl")
    min_rate_dl_bps = RateField(data_key="mirBwDl")
    max_rate_ul_bps = RateField(data_key="marBwUl")
    min_rate_ul_bps = RateField(data_key="mirBwUl")


class ProblemSchema(_Lenient):
    """`ProblemDetails` (TS 29.122 5.2.1)."""

    title = fields.String()
    cause = fields.String()
    detail = fields.String()


_PROBLEM = ProblemSchema()
_PARAM = InvalidParamSchema()
_RATES = RatesSchema()


def problem_of(reply: Reply, now: datetime) -> Problem:
    """What a reply of status 400 and up explains; a body that is no JSON becomes the detail."""
    body = _json_object(reply.body)
    texts = _valid(_PROBLEM, body)
    if not body:
        texts["detail"] = " ".join(reply.body.decode("utf-8", "replace").split())[:_EXCERPT_CHARS]
    params = (_valid(_PARAM, item) for item in _list(body.get("invalidParams")))
    return Problem(
        status=reply.status,
        **texts,
        invalid_params=tuple(InvalidParam(**param) for param in params if "param" in param),
        acceptable=_acceptable(_object(body.get("acceptableServInfo"))),
        retry_after_s=_retry_after_s(reply.header("Retry-After"), now),
        raw=body,
    )


def _acceptable(info: Mapping[str, Any]) -> dict[int, AcceptableRate]:
    rates = {int(k): v for k, v in _object(info.get("accBwMedComps")).items() if k.isdecimal()}
    found = {number: _valid(_RATES, _object(value)) for number, value in rates.items()}
    whole = _valid(_RATES, info)
    return {n: AcceptableRate(**r) for n, r in (({0: whole} if whole else {}) | found).items()}


def _retry_after_s(text: str | None, now: datetime) -> float | None:
    """Seconds, or the time until an HTTP-date (RFC 9110 10.2.3)."""
    if text is None or text.strip().isdecimal():
        return None if text is None else float(text)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())


def _valid(schema: Schema, data: Any) -> dict[str, Any]:
    try:
        return dict(schema.load(data))
    except ValidationError as error:
        return dict(_object(error.valid_data))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        return _object(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
