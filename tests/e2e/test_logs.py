"""What `nef serve` writes to its standard error stream, for a machine to read."""

import json
import socket
from pathlib import Path

import requests

from builders.processes import start_nef
from builders.service import AF


def test_every_line_is_json_also_those_of_the_server_below(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as written:
        options = ("--log-format", "json", "--access-log", "on", "--log-level", "info")
        nef = start_nef(tmp_path, *options, stderr=written)
        requests.get(nef.url + AF, headers={"X-Request-Id": "mine"}, timeout=60)
        host, port = nef.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as broken:
            broken.sendall(b"NONSENSE\r\n\r\n")
            assert broken.recv(100)
        assert nef.stop() == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [one["status"] for one in lines if one.get("requestId") == "mine"] == [200]
    below = [one["message"] for one in lines if one["logger"] == "uvicorn.error"]
    assert "Application startup complete." in below
    assert not any("Invalid" in said for said in below), "anybody could fill the log with nonsense"
