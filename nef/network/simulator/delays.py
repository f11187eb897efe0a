"""How long a packet takes that waits for nothing, through the core and over the radio."""

from nef.network.simulator.cqi import Reliability
from nef.network.simulator.radio import radio_delay_ms
from nef.network.simulator.scenario import Cell


def path_delay_ms(cell: Cell, reliability: Reliability) -> float:
    """The delay of a flow of a class: what is told of it, and what the user plane has it wait."""
    return cell.core_delay_ms + radio_delay_ms(cell.carrier, reliability)
