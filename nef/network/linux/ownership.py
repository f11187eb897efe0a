"""Who a user plane's namespaces belong to: a living process, a dead one, or somebody else.

The owner holds a lock on a file of its own, which the kernel takes away with the process, and which
names it by process id and start time. The file is there before the first namespace is and until
after the last one is gone. So what is there beside a file without a lock is what a crash left; and
what is there without a file was never ours.
"""

import fcntl
import os
from pathlib import Path
from typing import Self

from nef.network.linux.commands import LinuxPlaneUnusable

#: As volatile as namespaces are.
FOLDER = Path("/run/nef-user-plane")


class Ownership:
    """The right to make and remove everything of one name, held until `release`."""

    def __init__(self, name: str, folder: Path = FOLDER) -> None:
        """Take it; raises LinuxPlaneUnusable that names the living process which has it."""
        self.is_claimed = False
        self._path = folder / f"{name}.owner"
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
            self.is_inherited, self._file = self._locked()
        except OSError as error:
            raise LinuxPlaneUnusable(f"cannot mark {name} as ours: {error}") from error

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave without a word on what was made: the next owner looks after it."""
        os.close(self._file)

    def claim(self) -> None:
        """Say whose it is, before anything is made."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{_this_process()}\n".encode(), 0)
        self.is_claimed = True

    def release(self) -> None:
        """Say that nothing is left."""
        self._path.unlink(missing_ok=True)

    def _locked(self) -> tuple[bool, int]:
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = os.pread(file, 200, 0).decode(errors="replace").strip()
                os.close(file)
                raise LinuxPlaneUnusable(
                    f"{self._path.stem} belongs to a user plane that runs"
                    f" ({owner or 'just started'}); stop it, or take another --name"
                ) from None
            if self._is_current(file):
                return bool(os.fstat(file).st_size), file
            os.close(file)  # its last owner removed it between our two steps

    def _is_current(self, file: int) -> bool:
        try:
            return os.fstat(file).st_ino == self._path.stat().st_ino
        except FileNotFoundError:
            return False


def _this_process() -> str:
    # proc(5): field 22, counted from the end of the name, which may have blanks and brackets.
    after_name = Path("/proc/self/stat").read_text("ascii", errors="replace").rpartition(")")[2]
    return f"process {os.getpid()}, started {after_name.split()[19]} ticks after the machine"
