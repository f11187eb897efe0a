"""How far the session of a device is."""

from enum import Enum, auto


class Stage(Enum):
    """How far the session is."""

    SELECTING = auto()
    ASKING = auto()
    ALLOCATING = auto()
    SERVING = auto()
