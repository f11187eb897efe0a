"""How packets show which part they carry."""

import pytest

from af_client.delivery.marking import Marking, comes_from
from af_client.delivery.tunnel import Endpoint
from af_client.delivery.wire import Part
from builders.negotiations import DEVICE, SERVER


@pytest.mark.parametrize("marking", Marking)
def test_weights_differ_from_all_the_rest_in_one_thing(marking: Marking) -> None:
    marks = {part: (marking.tos(part), marking.port_shift(part)) for part in Part}
    assert marks[Part.NONE] == marks[Part.TOPOLOGY]
    differing = [a != b for a, b in zip(marks[Part.WEIGHTS], marks[Part.NONE], strict=True)]
    assert differing == [marking is Marking.TOS, marking is Marking.PORTS]
    assert marking.port_shifts == ((0,) if marking is Marking.TOS else (0, 1))


def test_a_device_takes_what_comes_from_either_port_of_its_server_and_from_nobody_else() -> None:
    ports = {shift: Endpoint(SERVER.address, SERVER.port + shift) for shift in (-1, 0, 1, 2)}
    taken = [shift for shift, source in ports.items() if comes_from(source, SERVER)]
    assert taken == [0, 1]
    assert not comes_from(Endpoint(DEVICE.address, SERVER.port), SERVER)
