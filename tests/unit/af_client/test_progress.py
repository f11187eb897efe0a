from io import StringIO

from rich.console import Console

from af_client.progress import progress


def test_a_log_gets_a_line_every_five_seconds_at_most() -> None:
    written = StringIO()
    now_s = iter([0.0, 0.0, 1.0, 4.9, 5.0, 5.0, 6.0, 30.0, 30.0]).__next__
    with progress("It begins", Console(file=written), now_s) as tell:
        for text in ("1 s", "4.9 s", "5 s", "6 s", "30 s [done]"):
            tell(text)
    assert written.getvalue().splitlines() == ["It begins", "5 s", "30 s [done]"]


def test_a_terminal_shows_the_last_and_is_left_as_it_was() -> None:
    written = StringIO()
    with progress("It begins", Console(file=written, force_terminal=True)) as tell:
        tell("nearly there")
    assert "nearly there" in written.getvalue()
    assert written.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")
