"""When a notification that could not be delivered is tried again: a pure rule."""

#: The first wait; each further one is twice as long.
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0
#: Eleven waits, 0.5 + 1 + 2 + … + 32 + 4 x 60 s: about five minutes in all.
MAX_ATTEMPTS = 12


def next_attempt_s(attempts: int, failed_at_s: float) -> float | None:
    """When to try again after `attempts` failures (1 or more), or None to give up."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return failed_at_s + min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (attempts - 1))
