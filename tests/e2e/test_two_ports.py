"""Every program at once: the parts of a model come from two ports, and each rides its own flow."""

import sys
from pathlib import Path

from af_client.demo.programs import Programs
from builders.models import trained_pool
from builders.processes import start_nef
from builders.waiting import until

PYTHON = (sys.executable, "-m")
GPSI = "msisdn-001010000000001"


def test_the_relay_tells_the_flows_of_a_delivery_apart_by_their_ports(tmp_path: Path) -> None:
    nef = start_nef(tmp_path, "--scenario", "steady")
    with Programs() as programs:
        programs.start("relay", [*PYTHON, "nef.cli", "user-plane", "--nef-url", nef.url])
        listening = programs.wait_for("relay", "n6_port")
        n6, radio = (f"127.0.0.1:{listening[side]}" for side in ("n6_port", "radio_port"))
        server = [*PYTHON, "af_client.cli", "model-server", "--nef-url", nef.url, "--n6", n6]
        pool = str(trained_pool().folder)
        programs.start("server", [*server, "--pool", pool, "--flows", "ports"])
        programs.wait_for("server", "event")
        device = [*PYTHON, "af_client.cli", "device", "--radio", radio, "--gpsi", GPSI]
        programs.start("device", [*device, "--refresh-s", "600"])
        delivered = programs.wait_for("server", "outcome")
        assert delivered["outcome"] == "delivered"

        def carried() -> dict[str, int]:
            flows = nef.control("GET", "/measurements")["flows"]
            return {f["flowKey"][-2:]: f["packetsCarried"] + f["packetsLost"] for f in flows}

        until(lambda: carried().get("/2", 0) >= delivered["weights_sent"])
        # The offer and the topology, and what is said beside; no segment of the weights.
        assert delivered["topology_sent"] < carried()["/1"] < 100 < delivered["weights_sent"]
        wanted = {flow["flowKey"][-2:]: flow for flow in nef.control("GET", "/flows")["flows"]}
    nef.stop()
    assert [
        wanted[key]["filters"][0]["flowDescriptions"][0].split()[5] for key in ("/1", "/2")
    ] == ["7000", "7001"]
    assert all("tosTC" not in wanted[key]["filters"][0] for key in wanted)
