"""The command `af-client kpi`."""

from pathlib import Path

import click

from af_client.options import FOLDER

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--scenario", default="city-week", help="One that ships, or a YAML file.")
@click.option("--ue", help="Who downloads. [default: the scenario's first UE]")
@click.option("--model", "models", multiple=True, help="Only this model of table A; repeatable.")
@click.option("--application", "applications", multiple=True,
              help="Only these of table B, by how they begin; repeatable.")  # fmt: skip
@click.option("--starts", type=click.IntRange(1, 100_000), default=20_000,
              help="Downloads of each model, at random times of the scenario.")  # fmt: skip
@click.option("--packets", type=click.IntRange(1, 100_000_000), default=1_000_000,
              help="Real packets to count in each flow, for 20 s at most.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, help="What all chance comes from.")
@click.option("--out", type=FOLDER, help="Folder for kpi.json and kpi.html.")
@click.option("--json", "json_file", type=_FILE, help="File for the results alone.")
def kpi(  # noqa: PLR0913 - one parameter an option
    *,
    scenario: str,
    ue: str | None,
    models: tuple[str, ...],
    applications: tuple[str, ...],
    starts: int,
    packets: int,
    seed: int,
    out: Path | None,
    json_file: Path | None,
) -> None:
    """Hold models and applications against the study's requirements P.R.6.1-001 to -004.

    A NEF of its own is asked for sessions all through a scenario; docs/kpi.md says how what is
    printed was obtained.
    """
    from rich.console import Console  # noqa: PLC0415 - what takes long to load, when it runs

    from af_client.delivery.wire import Part  # noqa: PLC0415
    from af_client.demo.programs import ProgramFailed  # noqa: PLC0415
    from af_client.errors import NefError  # noqa: PLC0415
    from af_client.experiments.control import Unanswered  # noqa: PLC0415
    from af_client.kpi.counting import NothingToCount  # noqa: PLC0415
    from af_client.kpi.measuring import Sampling  # noqa: PLC0415
    from af_client.kpi.network import ScenarioUnusable  # noqa: PLC0415
    from af_client.kpi.run import KpiSettings, run_kpi  # noqa: PLC0415

    counts = {Part.TOPOLOGY: packets, Part.WEIGHTS: packets}
    sampling = Sampling(starts, seed)
    settings = KpiSettings(scenario, ue, models, applications, sampling, counts)
    try:
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        if json_file is not None and not json_file.absolute().parent.is_dir():
            raise click.BadParameter(f"there is no folder {json_file.parent}", param_hint="--json")
        file = json_file or (out / "kpi.json" if out else None)
        run_kpi(settings, file, out / "kpi.html" if out else None, Console())
    except LookupError as fault:
        raise click.ClickException(str(fault.args[0])) from None
    except (
        ProgramFailed,
        NefError,
        Unanswered,
        ScenarioUnusable,
        NothingToCount,
        OSError,
    ) as fault:
        raise click.ClickException(str(fault)) from None
