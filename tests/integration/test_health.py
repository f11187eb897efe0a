"""Health and readiness of the whole service."""

from pathlib import Path

import requests
from sqlalchemy import create_engine, text

from builders.service import served
from builders.waiting import until
from nef.domain.errors import StoreUnavailable
from nef.testing import RunningNef


def test_a_nef_that_runs_is_ready(nef: RunningNef) -> None:
    until(lambda: requests.get(f"{nef.url}/readyz", timeout=60).status_code == 200)
    document = requests.get(f"{nef.url}/readyz", timeout=60).json()
    assert document["status"] == "ready"
    assert set(document["checks"]) == {"serving", "store", "ticker", "deliverers"}
    assert set(document["checks"].values()) == {"ok"}


def test_a_nef_whose_threads_do_not_run_is_not() -> None:
    with served() as nef:
        assert nef.http.get("/healthz").status_code == 200
        answer = nef.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"] == {
            "serving": "ok",
            "store": "ok",
            "ticker": "no tick was finished yet",
            "deliverers": "nobody delivers: the dispatcher does not run",
        }


def test_a_nef_that_is_about_to_end_is_not() -> None:
    with served() as nef:
        nef.nef.leave()
        answer = nef.http.get("/readyz")
        assert answer.json()["checks"]["serving"] == "it is about to end"
        assert answer.headers["connection"] == "close"


def test_a_store_that_cannot_be_used_is_missing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nef.sqlite3'}"
    with served(database_url=url) as nef:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE simulation"))
        engine.dispose()
        said = nef.http.get("/readyz").json()["checks"]["store"]
    assert said == str(StoreUnavailable("the reason"))
