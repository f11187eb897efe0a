"""How a command that goes on is ended."""

import _thread
import signal
import threading


def stop_at_signal() -> threading.Event:
    """An event that is set by SIGINT and SIGTERM.

    A handler runs in the main thread wherever that stands, in `Event.wait` too while it holds the
    event's lock, for which the handler would wait without end. So another thread sets it, which is
    begun without any lock that the main thread may hold (`threading.Thread` has such locks).
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _thread.start_new_thread(stop.set, ()))
    return stop
