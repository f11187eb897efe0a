"""The programs that speak with the kernel: ip and tc of iproute2, and nft."""

import os
import shutil
import subprocess
from collections.abc import Sequence

#: The Debian package of each program.
PACKAGES = {"ip": "iproute2", "tc": "iproute2", "nft": "nftables"}
_SEARCHED = os.pathsep.join(("/usr/sbin", "/sbin", "/usr/bin", "/bin"))
#: A kernel that takes longer for a batch has other troubles.
_TIMEOUT_S = 30.0
_LONGEST_COMPLAINT = 300


class LinuxPlaneUnusable(Exception):
    """The machine does not let us have the interfaces; the text says what is missing."""


def missing() -> str | None:
    """Say in one sentence what this process lacks for Linux interfaces, None if nothing."""
    if os.geteuid() != 0:
        return "--network linux needs root, for namespaces, tc and nftables; the embedded one none"
    absent = [program for program in PACKAGES if _path(program) is None]
    if not absent:
        return None
    packages = sorted({PACKAGES[program] for program in absent})
    return (
        f"--network linux needs the programs {', '.join(PACKAGES)}; {' and '.join(absent)} not"
        f" found: install the Debian package{'s' if len(packages) > 1 else ''}"
        f" {' and '.join(packages)}"
    )


def require() -> None:
    """Raise LinuxPlaneUnusable if anything is missing."""
    sentence = missing()
    if sentence is not None:
        raise LinuxPlaneUnusable(sentence)


def ip(*words: str) -> str:
    """Run ip on the host, and return what it says."""
    return _run("ip", words)


def ip_batch(lines: Sequence[str], namespace: str | None = None) -> None:
    """Run lines of ip in their order, up to the first that fails."""
    _batch("ip", lines, namespace)


def tc(namespace: str, *words: str) -> str:
    """Run tc in a namespace, and return what it says."""
    return _run("tc", ("-n", namespace, *words))


def tc_batch(lines: Sequence[str], namespace: str) -> None:
    """Run lines of tc in their order, up to the first that fails."""
    _batch("tc", lines, namespace)


def nft(script: str, namespace: str | None = None) -> None:
    """Let a script take effect as a whole, or not at all."""
    if script:
        _run("nft", ("-f", "-"), script, namespace)


def nft_list(namespace: str | None, *words: str) -> str:
    """Return what nft lists, as JSON."""
    return _run("nft", ("-j", "list", *words), None, namespace)


def enter(namespace: str, *command: str) -> str:
    """Run any program inside a namespace, and return what it says."""
    return _run("ip", ("netns", "exec", namespace, *command))


def _batch(program: str, lines: Sequence[str], namespace: str | None) -> None:
    if lines:
        there = ("-n", namespace) if namespace else ()
        _run(program, (*there, "-batch", "-"), "".join(f"{line}\n" for line in lines))


def _run(
    program: str, words: Sequence[str], said: str | None = None, namespace: str | None = None
) -> str:
    inside = () if namespace is None else (_found("ip"), "netns", "exec", namespace)
    command = [*inside, _found(program), *words]
    try:
        done = subprocess.run(  # noqa: S603 - our own words; addresses and numbers are typed
            command,
            input=said or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
            # Ctrl-C is for us: a program that it stops half way would leave half of its work.
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LinuxPlaneUnusable(f"{program} {' '.join(words)}: {error}") from error
    if done.returncode != 0:
        complaint = " ".join(done.stderr.split())[:_LONGEST_COMPLAINT]
        where = f" in {namespace}" if namespace else ""
        raise LinuxPlaneUnusable(f"refused: {program} {' '.join(words)}{where}: {complaint}")
    return done.stdout


def _found(program: str) -> str:
    path = _path(program)
    if path is None:
        raise LinuxPlaneUnusable(missing() or f"{program} was not found")
    return path


def _path(program: str) -> str | None:
    # A daemon's PATH often has no sbin.
    return shutil.which(program) or shutil.which(program, path=_SEARCHED)
