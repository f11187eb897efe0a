"""What a user has who installed the wheel, and nothing of the source tree."""

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("nef", "af_client", "db", "openapi")
ABOUT = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")


def run(*command: str | Path, cwd: Path) -> str:
    said = subprocess.run(  # noqa: S603 - our own programs
        command, cwd=cwd, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    wheel = _built(folder)
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    interpreter = folder / "venv" / "bin" / "python"
    options = ("--no-deps", "--no-index", "--no-compile", "--quiet")
    run(
        sys.executable, "-m", "pip", "--python", interpreter, "install", *options, wheel, cwd=folder
    )
    [site] = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(str(_dependencies(folder)))
    return interpreter


def _built(folder: Path) -> Path:
    # From a copy: a build leaves its traces where it happens.
    source = folder / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=lambda *_: ["__pycache__"])
    for name in ABOUT:
        shutil.copy(ROOT / name, source / name)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    run(sys.executable, "-m", "pip", "wheel", *options, "-w", folder, source, cwd=folder)
    [wheel] = folder.glob("*.whl")
    return wheel


def _dependencies(folder: Path) -> Path:
    """All that is installed here but this project."""
    links = folder / "dependencies"
    links.mkdir()
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if "open_nef" not in entry.name and not entry.name.endswith(".pth"):
            (links / entry.name).symlink_to(entry)
    return links


def test_the_test_of_the_readme_passes_where_only_the_wheel_is(
    python: Path, tmp_path: Path
) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    [example] = [e for e in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "def test_" in e]
    assert len([line for line in example.splitlines() if line]) <= 10, "as the page says"
    (tmp_path / "test_my_af.py").write_text(example)
    said = run(python, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", cwd=tmp_path)
    assert "1 passed" in said


def test_the_scenarios_and_their_schema_ship(python: Path, tmp_path: Path) -> None:
    nef = (python, "-m", "nef.cli", "scenario")
    for line in run(*nef, "list", cwd=tmp_path).splitlines()[:2]:
        assert "is valid" in run(*nef, "check", line.split(": ")[0], cwd=tmp_path)
    assert '"$schema"' in run(*nef, "schema", cwd=tmp_path)


def test_the_code_and_its_data_come_from_the_wheel(python: Path, tmp_path: Path) -> None:
    look = "import nef.cli, af_client, db, openapi; print(nef.cli.__file__, openapi.__path__[0])"
    for place in run(python, "-c", look, cwd=tmp_path).split():
        assert Path(place).is_relative_to(python.parents[1])
