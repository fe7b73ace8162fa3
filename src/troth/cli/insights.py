"""`troth insights`: a check's findings as OSSF Security Insights 2.x, or laid over the OSPS Baseline."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["insights"]

_STATUSES = ("active", "abandoned", "concept", "inactive", "moved", "suspended", "unsupported", "WIP")


@click.command()
@click.argument("tree", type=click.Path(path_type=Path), default=Path())
@click.option("--baseline", is_flag=True, help="Say what the findings mean for the OSPS Baseline's requirements instead.")
@click.option("--url", default="", help="Address of the repository; Security Insights needs it.")
@click.option("--reviewed", type=click.DateTime(["%Y-%m-%d"]), help="Day on which a person last reviewed the document.")
@click.option("--status", type=click.Choice(_STATUSES), help="Status of the repository.")
@click.option("--member", "team", multiple=True, metavar="NAME[<MAIL>]", help="Member of the core team; the first is the first contact. Repeatable.")
@click.option("--license", "licence", default="", help="SPDX expression of the licence.")
@click.option("--license-url", "licence_url", default="", help="Address of the licence.")
@click.option("--no-changes", is_flag=True, help="The repository accepts no change requests.")
@click.option("--no-automated-changes", is_flag=True, help="It accepts none that machines make.")
@click.option("--snapshot", type=click.Path(path_type=Path, dir_okay=False), help="Decide settings from this snapshot of the forge.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
def insights(
    *,
    tree: Path,
    baseline: bool,
    url: str,
    reviewed: object,
    status: str | None,
    team: tuple[str, ...],
    licence: str,
    licence_url: str,
    no_changes: bool,
    no_automated_changes: bool,
    snapshot: Path | None,
    output: Path | None,
) -> None:
    """Check TREE and write what was found as security-insights.yml. What only people can say must be given; without it the document has its header alone."""
    from datetime import datetime

    from troth.app.advisories import AdvisoryIndex
    from troth.app.check import run_check
    from troth.app.forge import ForgeSource
    from troth.check.catalogue import shipped
    from troth.cli.output import write_file
    from troth.cli.progress import progress
    from troth.report import insights as report

    with progress() as tell:
        source = ForgeSource(snapshot) if snapshot is not None else None
        result = run_check(tree, forge=source, advisories=AdvisoryIndex(), progress=tell)
    if baseline:
        text = report.baseline(result, shipped())
    else:
        day = reviewed.date().isoformat() if isinstance(reviewed, datetime) else ""
        people = tuple((name.strip(), mail.rstrip(">").strip()) for name, _, mail in (each.partition("<") for each in team))
        told = report.Told(url, day, status or "", people, licence, licence_url, not no_changes, not no_automated_changes)
        text = report.insights(result, told)
    if output is not None:
        write_file(output, text, "baseline" if baseline else "security insights")
    else:
        click.echo(text, nl=False)
