"""`troth registries`: ask npm and PyPI about a tree's own packages and store their answers, so that a check can be repeated without a network."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["registries"]


@click.command()
@click.argument("tree", type=click.Path(path_type=Path), default=Path())
@click.option("--output", "-o", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
def registries(tree: Path, output: Path) -> None:
    """Ask npm and PyPI about the packages that TREE publishes, and write their answers to a file.

    Only reads, with GET, and sends no token of any kind. Provenance is verified on this machine. Then: troth check --registries FILE.
    """
    from troth.app.registries import take_snapshot
    from troth.report.untrusted import one_line

    taken = take_snapshot(tree, output)
    click.echo(f"{taken.answers} answers written to {output}", err=True)
    for package in taken.registries.packages:
        people = f", published by {', '.join(package.people)}" if package.people else ""
        click.echo(one_line(f"{package.registry} {package.name} {package.version}{people}"))
        for artifact in package.artifacts:
            more = artifact.publisher or artifact.because
            click.echo(one_line(f"  {artifact.name}: provenance {artifact.state}{': ' + more if more else ''}"))
    for gap in taken.registries.unseen:
        click.echo(one_line(f"not seen: {gap.endpoint}: {gap.because}"))
