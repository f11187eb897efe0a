"""Files with a secret: written for their owner alone, and not used where others can read them."""

import os
import secrets
import stat
from pathlib import Path

from nef.domain.errors import InvalidValue


def check_kept(path: Path, what: str) -> None:
    """Whether only its owner can read a file that has `what`; raises InvalidValue, or OSError."""
    check_status(path, what, path.stat())


def check_status(path: Path, what: str, found: os.stat_result) -> None:
    """The same of a file that is open already.

    Whoever can read a key can do what it is for, so this is no warning that nobody reads. The
    rule is that of PostgreSQL for its keys: files that an orchestrator mounts belong to root, and
    of those a group may read too.
    """
    allowed = 0o740 if found.st_uid == 0 else 0o700
    mode = stat.S_IMODE(found.st_mode)
    if mode & ~allowed:
        raise InvalidValue(
            f"{path} has {what}, and is open to others (mode {mode:04o}): say chmod 600 {path},"
            " and make another one if somebody may have read it"
        )


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in place of any that others may; raises OSError.

    Who has opened the one before, or put a link there, has none of it.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    beside.touch(0o600, exist_ok=False)
    try:
        beside.write_text(text, "utf-8")
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
