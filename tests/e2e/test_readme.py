"""The README's example, run as it stands there."""

import re
import signal
import subprocess
import sys
from pathlib import Path

from builders.processes import start_nef

README = Path(__file__).parents[2] / "README.md"


def _interruptible() -> None:
    """Undo what a shell does to whatever it starts in the background: SIGINT is ignored there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_the_example_hears_what_is_done_to_the_network(tmp_path: Path) -> None:
    text = README.read_text("utf-8")
    example, _ = re.findall(r"```python\n(.*?)```", text, re.DOTALL)  # the other one is a test
    nef = start_nef(tmp_path)  # as `make serve` does
    try:
        own = example.replace("http://127.0.0.1:8080", nef.url)
        with subprocess.Popen(  # noqa: S603 - our own page
            [sys.executable, "-u", "-c", own],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_interruptible,  # noqa: PLW1509 - it has one thread by now
        ) as af:
            assert af.stdout is not None
            assert af.stdout.readline() == "SUCCESSFUL_RESOURCES_ALLOCATION\n"
            [worse] = re.findall(r"^\$ \.venv/bin/nef sim (.*)$", text, re.MULTILINE)
            sim = [sys.executable, "-m", "nef.cli", "sim", "--nef-url", nef.url]
            subprocess.run([*sim, *worse.split()], check=True)  # noqa: S603 - our own page
            assert af.stdout.readline() == "QOS_NOT_GUARANTEED\n"
            af.send_signal(signal.SIGINT)
            assert af.wait(120) == 0
            assert af.stderr is not None
            assert af.stderr.read() == ""
        assert nef.control("GET", "/flows")["flows"] == []
    finally:
        nef.stop()
