"""The command `af-client model-server`."""

from pathlib import Path
from typing import Any

import click

from af_client.commands.ending import stop_at_signal
from af_client.delivery.tunnel import Endpoint
from af_client.options import (
    AF_ID,
    ERROR_RATE,
    FOLDER,
    HOST,
    URL,
    HostPort,
    access_of,
    access_options,
    address_of,
    relay_of,
)


@click.command("model-server")
@click.option("--nef-url", type=URL, default="http://127.0.0.1:8080",
              help="Root of the NEF's APIs.")  # fmt: skip
@click.option("--af-id", type=AF_ID, default="model-server",
              help="Who it is to the NEF; one process each.")  # fmt: skip
@click.option("--n6", type=HostPort(), help="The relay's data network side.")
@click.option("--direct", is_flag=True, help="Instead of --n6: its address is this machine's.")
@click.option("--address", default="10.60.0.1", help="Its own address inside the tunnel.")
@click.option(
    "--port", type=click.IntRange(1, 65_534), default=7000, help="Its own port inside the tunnel."
)
@click.option("--pool", type=FOLDER, required=True, help="Folder of trained models.")
@click.option(
    "--flows",
    type=click.Choice(["tos", "ports"]),
    default="tos",
    help="What tells topology and weights apart; ports: the weights come from the next one.",
)
@click.option(
    "--weights-per", type=ERROR_RATE, default="1E-3", help="Packet error rate asked for weights."
)
@click.option("--budget-s", default=1.0, help="Seconds that a download may take.")
@click.option("--margin-s", default=0.2, help="Seconds of it that are not for sending.")
@click.option("--poll-s", default=0.5, help="Seconds between two looks at the bandwidth.")
@click.option(
    "--plan-within-s", default=120.0, help="How far to plan ahead for who is always on; 0: not."
)
@click.option(
    "--dwell-s", default=2.0, help="How long what is better must last after a fall, at first."
)
@click.option("--notifications-host", type=HOST, default="127.0.0.1",
              help="Where it listens to the NEF.")  # fmt: skip
@access_options
def model_server(  # noqa: PLR0913 - one parameter an option
    *,
    nef_url: str,
    af_id: str,
    n6: tuple[str, int] | None,
    direct: bool,
    address: str,
    port: int,
    pool: Path,
    flows: str,
    weights_per: str,
    budget_s: float,
    margin_s: float,
    poll_s: float,
    plan_within_s: float,
    dwell_s: float,
    notifications_host: str,
    **access: Any,
) -> None:
    """Deliver models to devices, as large as the network can carry in time; prints JSON lines."""
    from af_client.delivery.marking import Marking  # noqa: PLC0415 - see the package
    from af_client.eventlog import EventLog  # noqa: PLC0415
    from af_client.models.pool import PoolUnusable  # noqa: PLC0415
    from af_client.modelserver.policy import Policy  # noqa: PLC0415
    from af_client.modelserver.server import ServerSettings, run_server  # noqa: PLC0415

    local = Endpoint(address_of(address), port)
    policy = Policy(
        marking=Marking(flows),
        weights_per=weights_per,
        budget_s=budget_s,
        margin_s=margin_s,
        poll_s=poll_s,
        plan_within_s=plan_within_s,
        dwell_s=dwell_s,
    )
    relay = relay_of("--n6", n6, direct=direct)
    settings = ServerSettings(
        nef_url, af_id, relay, local, pool, notifications_host, policy, **access_of(af_id, **access)
    )
    try:
        run_server(settings, stop_at_signal(), EventLog())
    except (PoolUnusable, OSError) as fault:
        raise click.ClickException(str(fault)) from None
