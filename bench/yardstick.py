"""The least that an application can do with the bodies of the NEF: keep them, and give them back.

    python -m bench.yardstick --database URL

Bare Starlette on the same server, SQLAlchemy Core on the same kind of store, one statement a
request; nothing is checked, nobody is told. What the NEF costs beyond this is what it does.
"""

import argparse
import json
import socket
import sys
import uuid
from collections.abc import Callable
from typing import Any

import orjson
import uvicorn
from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.engine import open_engine, writing

metadata = MetaData()
documents = Table(
    "yardstick",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("owner", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
Index("yardstick_of_owner", documents.c.owner, documents.c.number)

_INSERT = insert(documents)
_ALL = "/{owner}/subscriptions"
_ONE = "/{owner}/subscriptions/{id}"


class Yardstick:
    """The handlers; each blocks on the store, and so runs in a thread, as the NEF's do."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        metadata.create_all(self._engine)

    @property
    def application(self) -> Starlette:
        handlers = {
            (_ALL, "POST"): self.create,
            (_ALL, "GET"): self.read_all,
            (_ONE, "GET"): self.read,
            (_ONE, "PATCH"): self.modify,
            (_ONE, "DELETE"): self.delete,
        }
        return Starlette(
            routes=[Route(p, _threaded(h), methods=[m]) for (p, m), h in handlers.items()]
        )

    def create(self, request: Request, body: Any) -> Response:
        name, owner = str(uuid.uuid4()), request.path_params["owner"]
        kept = {"self": f"{request.url}/{name}"} | body
        row = {"id": name, "owner": owner, "body": orjson.dumps(kept)}
        with writing(self._engine) as connection:
            connection.execute(_INSERT, row)
        return _json(row["body"], 201, Location=kept["self"])

    def read(self, request: Request, _: Any) -> Response:
        with self._engine.connect() as connection:
            return _json(self._body(connection, request))

    def read_all(self, request: Request, _: Any) -> Response:
        query = select(documents.c.body).where(documents.c.owner == request.path_params["owner"])
        with self._engine.connect() as connection:
            found = connection.execute(query.order_by(documents.c.number)).scalars().all()
        return _json(orjson.dumps([orjson.Fragment(body) for body in found]))

    def modify(self, request: Request, patch: Any) -> Response:
        with writing(self._engine) as connection:
            body = orjson.dumps(orjson.loads(self._body(connection, request)) | patch)
            connection.execute(update(documents).where(_named(request)), {"body": body})
        return _json(body)

    def delete(self, request: Request, _: Any) -> Response:
        with writing(self._engine) as connection:
            connection.execute(delete(documents).where(_named(request)))
        return Response(status_code=204)

    def _body(self, connection: Connection, request: Request) -> bytes:
        body: bytes = connection.execute(
            select(documents.c.body).where(_named(request))
        ).scalar_one()
        return body


def _named(request: Request) -> Any:
    return documents.c.id == request.path_params["id"]


def _json(body: bytes, status: int = 200, **headers: str) -> Response:
    return Response(body, status, headers, "application/json")


def _threaded(handler: Callable[[Request, Any], Response]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        content = await request.body()
        return await run_in_threadpool(handler, request, orjson.loads(content) if content else None)

    return endpoint


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--database", required=True)
    application = Yardstick(arguments.parse_args().database).application
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(json.dumps({"port": listening.getsockname()[1]}))
        sys.stdout.flush()
        config = uvicorn.Config(application, log_level="warning", access_log=False)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
