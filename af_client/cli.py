"""The `af-client` command."""

import logging

import click

from af_client.commands.demo import demo
from af_client.commands.device import device
from af_client.commands.experiment import experiment
from af_client.commands.groups import SentenceGroup
from af_client.commands.kpi import kpi
from af_client.commands.model_server import model_server
from af_client.commands.models import models
from af_client.commands.pool import pool
from af_client.commands.watch import watch


@click.group(
    cls=SentenceGroup, context_settings={"auto_envvar_prefix": "AF_CLIENT", "show_default": True}
)
@click.version_option(package_name="open-nef")
def main() -> None:
    """The AF's side: an AI/ML model server, a device, and their models.

    Every option can be set by an environment variable: AF_CLIENT_DEVICE_SERVER, …
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # That the NEF cannot be reached is an event of its own, told once.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


for _command in (model_server, device, watch, pool, models, demo, experiment, kpi):
    main.add_command(_command)


if __name__ == "__main__":
    main()
