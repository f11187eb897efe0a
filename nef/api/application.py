"""The HTTP application: the contract, the handlers, and what stands around them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import cache, partial
from typing import Any

from connexion import FlaskApp
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.main import API
from connexion.middleware.server_error import ServerErrorMiddleware
from connexion.resolver import Resolver
from connexion.spec import OpenAPISpecification

from nef.api import errors
from nef.api.authorisation import Authorisation
from nef.api.calls import Calls
from nef.api.documents import NAMES, base_path, operation_ids, served
from nef.api.limits import Rates
from nef.api.replies import Handler

#: The largest body unless the settings say something else.
_MAX_BODY_BYTES = 1_000_000


class _Shipped(OpenAPISpecification):
    """A document that ships: the tests hold it against OpenAPI's own schema, no start need do so.

    That check takes longer than all else of making an application.
    """

    @classmethod
    def _validate_spec(cls, spec: dict[str, Any]) -> None:
        pass


@cache
def _specification(name: str) -> _Shipped:
    # Applications only read it, and schemas that stay the same objects are compiled once.
    return _Shipped(served(name))


Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


def contract_application(
    handlers: Mapping[str, Handler],
    lifespan: Lifespan | None = None,
    authorisation: Authorisation | None = None,
    rates: Rates | None = None,
    max_body_bytes: int = _MAX_BODY_BYTES,
    max_items: int = 0,
) -> FlaskApp:
    """The documents served by these handlers, one for each operationId.

    Without `authorisation` everybody may call, without `rates` as often as he likes;
    `max_body_bytes` is the largest body that is read, and `max_items` how much its objects and
    arrays may hold, if not 0. A handler that is missing fails here
    (KeyError); connexion would notice when it starts to serve.
    """
    missing = {name for document in NAMES for name in operation_ids(document)} - handlers.keys()
    if missing:
        raise KeyError(f"no handler for {', '.join(sorted(missing))}")
    calls = partial(
        Calls,
        authorisation=authorisation,
        rates=rates,
        max_body_bytes=max_body_bytes,
        max_items=max_items,
    )
    # Of connexion's own, those that are of use around `Calls`.
    middlewares = [ServerErrorMiddleware, ExceptionMiddleware, calls, LifespanMiddleware]
    app = FlaskApp("nef", lifespan=lifespan, middlewares=middlewares)
    _add_apis(app, Resolver(handlers.__getitem__))
    errors.register(app)
    return app


def _add_apis(app: FlaskApp, resolver: Resolver) -> None:
    # As `add_api` does, which would read each document anew.
    middleware = app.middleware
    for name in NAMES:
        document = _specification(name)
        options = vars(middleware.options.replace(resolver=resolver))
        path = base_path(document)
        middleware.apis.append(API(document, base_path=path, name=name, **options))
