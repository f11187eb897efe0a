"""The page an AF developer works from is read here, so that it cannot lie."""

import json
import re
from pathlib import Path

import pytest
import requests

import af_client
import af_client.client
from af_client import Reply, Request

PAGE = (Path(__file__).parents[3] / "docs" / "client.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
WORDS = set(re.findall(r"\w+", PAGE))


def test_every_public_name_has_its_place_on_the_page() -> None:
    assert set(af_client.__all__) - WORDS == set()


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_example_is_python(block: str) -> None:
    compile(block, "docs/client.md", "exec")


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_example_imports_what_exists(block: str) -> None:
    for names in re.findall(r"from af_client import (?:\(([^)]*)\)|(.*))", block):
        for name in "".join(names).replace(",", " ").split():
            assert hasattr(af_client, name), name


def test_every_method_of_the_client_is_explained() -> None:
    methods = {name for name in vars(af_client.NefClient) if not name.startswith("_")}
    assert methods - WORDS == set()


def test_every_attribute_of_a_request_is_explained() -> None:
    fields = {
        name
        for made in (af_client.SessionRequest, af_client.MediaFlow)
        for name in made.__dataclass_fields__
    }
    assert fields - WORDS == set()


def test_the_page_has_examples_of_sessions_errors_and_notifications() -> None:
    text = "\n".join(BLOCKS)
    assert all(name in text for name in ("qos_session", "Refused", "NotificationReceiver"))


class PromptNef:
    """Grants each session at once, and says so where the session wants to hear it."""

    def send(self, request: Request) -> Reply:
        if request.method == "DELETE":
            return Reply(204)
        document = json.loads(request.body or b"")
        report = {"event": "SUCCESSFUL_RESOURCES_ALLOCATION"}
        notification = {"transaction": f"{request.url}/s-1", "eventReports": [report]}
        with requests.Session() as session:
            session.trust_env = False
            session.post(document["notificationDestination"], json=notification, timeout=60)
        return Reply(201, {"Location": f"{request.url}/s-1"}, request.body or b"")

    def close(self) -> None:
        pass


def test_the_first_example_prints_what_the_page_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(af_client.client, "RequestsTransport", lambda *_, **__: PromptNef())
    exec(compile(BLOCKS[0], "docs/client.md", "exec"), {})  # noqa: S102 - our own page
    assert capsys.readouterr().out == "s-1 SUCCESSFUL_RESOURCES_ALLOCATION\n"
