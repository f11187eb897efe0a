"""Many packets as one thing."""

import numpy as np

from fakes.outlets import packets_of
from nef.network.userplane.runs import Run, run_of

RUN = Run(memoryview(b"aabbccdd"), 2, 4)


def test_a_run_is_cut_between_packets() -> None:
    assert packets_of(RUN.first(3)) == [b"aa", b"bb", b"cc"]
    assert packets_of(RUN.after(3)) == [b"dd"]
    assert (RUN.first(3).total_bytes, RUN.after(3).total_bytes) == (6, 2)


def test_what_is_marked_is_left_out_and_the_rest_stays_in_order() -> None:
    assert packets_of(RUN.without(np.array([False, True, False, True]))) == [b"aa", b"cc"]
    assert RUN.without(np.array([True] * 4)).count == 0


def test_one_packet_is_a_run_too() -> None:
    assert packets_of(run_of(b"packet")) == [b"packet"]
