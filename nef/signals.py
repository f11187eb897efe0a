"""Being told to end by the system."""

import _thread
import signal
import threading


def told_to_end(*numbers: signal.Signals) -> threading.Event:
    """An event that is set once one of these signals has come; the main thread asks for it.

    A handler runs in the main thread wherever that stands, in `Event.wait` too while it holds the
    event's lock, for which the handler would wait without end. So another thread sets it, which is
    begun without any lock that the main thread may hold (`threading.Thread` has such locks).
    """
    told = threading.Event()
    for number in numbers:
        signal.signal(number, lambda *_: _thread.start_new_thread(told.set, ()))
    return told
