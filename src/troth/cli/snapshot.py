"""`troth snapshot`: store a repository's settings on its forge, so that a check can be repeated without a network and without a token."""

from __future__ import annotations

import os
from pathlib import Path

import click

__all__ = ["snapshot"]

_VARIABLES = ("TROTH_TOKEN", "GITHUB_TOKEN")


@click.command()
@click.argument("repository", metavar="OWNER/NAME")
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; an earlier snapshot there saves requests.",
)
@click.option("--branch", "branches", multiple=True, help="Look at this branch too, besides the default branch.")
@click.option("--api", default="https://api.github.com", show_default=True, help="Address of the forge's interface.")
@click.option(
    "--patience",
    type=click.FloatRange(0, 86400),
    default=900.0,
    show_default=True,
    help="Seconds to wait for rate limits, in all.",
)
def snapshot(repository: str, output: Path, branches: tuple[str, ...], api: str, patience: float) -> None:
    """Read the settings of OWNER/NAME on its forge and write them to a file.

    GitHub unless --api names another: https://HOST/api/v3 is a GitHub of one's own, https://HOST/api/v1 a Gitea or Forgejo.

    Only reads. A read-only token is taken from the environment (TROTH_TOKEN, or else GITHUB_TOKEN) and is not written. What the token may not see is listed; promises that need it cannot be decided.
    """
    from troth.cli.progress import progress
    from troth.engines.forge import look_forge, write_snapshot
    from troth.engines.forge.client import Client

    token = next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), None)
    with (
        progress() as tell,
        Client(token, api=api, patience=patience, tell=tell, known=_earlier(output, repository)) as client,
    ):
        look_forge(repository, client, branches=branches)
        written = write_snapshot(output, repository, client.pages.values(), client.kind)
    refused = [page for page in client.pages.values() if page.status >= 300]
    click.echo(f"snapshot of {len(client.pages)} answers written to {output} ({written.digest})", err=True)
    if token is None:
        click.echo("asked without a token: most settings cannot be seen; set TROTH_TOKEN", err=True)
    for page in refused:
        click.echo(f"not seen ({page.status}): {page.path.partition('?')[0]}", err=True)


def _earlier(output: Path, repository: str) -> list:  # type: ignore[type-arg]
    """Pages of an earlier snapshot of the same repository; none where there is no such file."""
    from troth.engines.forge import read_snapshot
    from troth.errors import LookError

    if not output.exists():
        return []
    try:
        earlier = read_snapshot(output)
    except LookError as error:
        click.echo(f"the earlier file is not used: {error.because}", err=True)
        return []
    return list(earlier.recorded.values()) if earlier.repository.lower() == repository.lower() else []
