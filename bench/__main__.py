"""Every measurement that has a limit, one after the other: `make bench`, or `python -m bench`.

    python -m bench [--million]

Each prints its figures with their limits, and what was not met; with anything missed, the status
is 1. It takes about five minutes on two quiet cores, and with a million flows three more.
"""

import argparse
import subprocess
import time

from bench.world import PYTHON

ALL = ("bench.api", "bench.notifications", "bench.beside", "bench.stored", "bench.scale")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--million", action="store_true", help="scale with a million flows too")
    more = {"bench.scale": ["--million"] if parser.parse_args().million else []}
    begun_s = time.monotonic()
    missed = [name for name in ALL if _run(name, *more.get(name, []))]
    minutes = (time.monotonic() - begun_s) / 60
    print(f"\n{minutes:.1f} minutes; limits missed by: {', '.join(missed) or 'nothing'}")
    raise SystemExit(1 if missed else 0)


def _run(name: str, *arguments: str) -> int:
    print(f"\n== {' '.join((name, *arguments))}", flush=True)
    return subprocess.run([*PYTHON, name, *arguments], check=False).returncode  # noqa: S603 - ours


if __name__ == "__main__":
    main()
