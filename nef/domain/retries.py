"""When a notification that could not be delivered is tried again: a pure rule."""

#: The first wait; each further one is twice as long.
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0
#: How long a notification is tried, and waits for those before it: ten attempts, if none hangs.
PATIENCE_S = 300.0


def next_attempt_s(
    attempts: int, failed_at_s: float, waiting_since_s: float, asked_s: float = 0.0
) -> float | None:
    """When to try again after `attempts` failures (1 or more), or None to give up.

    A receiver that asks to be left alone is, for the longest wait at most.
    """
    doublings = min(attempts - 1, 10)  # beyond which the wait is the longest anyway
    wait_s = max(asked_s, FIRST_WAIT_S * 2.0**doublings)
    again_s = failed_at_s + min(LONGEST_WAIT_S, wait_s)
    return again_s if again_s <= waiting_since_s + PATIENCE_S else None
