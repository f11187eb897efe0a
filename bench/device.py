"""A device that loads what arrives and recognises nothing: a process of a measurement."""

import sys
from ipaddress import ip_address

import numpy as np

from af_client.commands.ending import stop_at_signal
from af_client.delivery.incoming import Received
from af_client.delivery.tunnel import Endpoint
from af_client.device.process import DeviceSettings, run_device
from af_client.device.recognition import Model
from af_client.eventlog import EventLog
from af_client.models.inference import load_split
from af_client.models.labelled import LabelledSet

#: Nothing to speak of: the weights of the study's models know nothing.
NOTHING = LabelledSet("nothing", np.zeros((1, 1)), np.zeros(1, np.int64))


log = EventLog()


def load(received: Received) -> Model:
    """Make a session of onnxruntime of what arrived."""
    log("complete", weights_lost=received.weights_lost, weights_repaired=received.weights_repaired)
    load_split(received.topology, received.weights, topology_sha256=received.offer.topology.sha256)
    log("loaded")
    return lambda _: 0


def main() -> None:
    relay_host, relay_port, gpsi, refresh_s = sys.argv[1:]
    settings = DeviceSettings(
        (relay_host, int(relay_port)),
        Endpoint(ip_address("10.45.0.2"), 7001),
        Endpoint(ip_address("10.60.0.1"), 7000),
        gpsi,
        "one-shot-object-recognition",
        float(refresh_s),
    )
    run_device(settings, NOTHING, stop_at_signal(), log, load)


if __name__ == "__main__":
    main()
