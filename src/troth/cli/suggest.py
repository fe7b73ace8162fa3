"""`troth suggest [TREE]`: print what would mend broken promises, as a patch or as JSON. Needs no permit and writes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from troth.cli.progress import progress

if TYPE_CHECKING:
    from troth.app.suggest import Suggested

__all__ = ["suggest"]


@click.command()
@click.argument("tree", type=click.Path(path_type=Path), default=Path())
@click.option("--control", "only", multiple=True, metavar="ID", help="Mend only promises of this control. Repeatable.")
@click.option("--module", "modules", multiple=True, metavar="NAME", help="Ask only this module. Repeatable.")
@click.option("--program", "programs", multiple=True, type=click.Path(path_type=Path, dir_okay=False), help="Also ask this executable (docs/fix.md). Repeatable.")
@click.option("--format", "format_", type=click.Choice(["patch", "json"]), default="patch", show_default=True, help="What to print.")
@click.option("--refs", type=click.Path(path_type=Path, dir_okay=False), help='JSON file of commits: {"owner/name@ref": "commit"}.')
@click.option("--mirror", type=click.Path(path_type=Path, file_okay=False), help="Directory of git repositories to look commits up in.")
@click.option("--forge", is_flag=True, help="Ask the forge for commits and settings (token from TROTH_TOKEN or GITHUB_TOKEN).")
@click.option("--api", default="https://api.github.com", show_default=True, help="Address of the forge's interface.")
@click.option("--repository", default="", metavar="OWNER/NAME", help="The repository on the forge; default: the remote origin.")
@click.option("--branch", default="", help="The default branch on the forge, for actions that protect it.")
@click.option("--rewrite-policy", is_flag=True, help="For what nothing else mends: move the sentence to known limits.")
@click.option("--isolation", type=click.Choice(["guard", "bubblewrap", "process"]), default=None, help="Where modules run; default: the guard's sandbox, refused where a wall is missing.")
@click.option("--personal-data", "personal", type=click.Choice(["redact", "refuse", "allow"]), default="redact", show_default=True, help="Addresses, telephone numbers and names in what modules say.")
def suggest(
    *, tree: Path, only: tuple[str, ...], modules: tuple[str, ...], programs: tuple[Path, ...], format_: str, refs: Path | None, mirror: Path | None,
    forge: bool, api: str, repository: str, branch: str, rewrite_policy: bool, isolation: str | None, personal: str,
) -> int:  # fmt: skip
    """Print patches that would mend TREE's broken promises (default: the current directory).

    Apply them with `troth suggest | git apply`. Nothing in TREE is executed or changed. What needs a person, or something that was not given, is said on standard error.
    """
    from troth.app.commits import CommitSources
    from troth.app.forge import ForgeSource
    from troth.app.suggest import Options, run_suggest
    from troth.jobs.recommend.personal import Personal

    with progress() as tell:
        source = ForgeSource(None, repository, api, tell=tell) if forge else None
        options = Options(
            only, modules, programs, isolation or "", CommitSources(refs, mirror, forge, api), repository, branch, rewrite_policy, source, personal=Personal(personal)
        )
        told = run_suggest(tree, options, tell)
    if format_ == "json":
        click.echo(json.dumps(document(told), indent=2, ensure_ascii=True))
        return 0
    click.echo(told.combined.patch, nl=False)
    say(told)
    return 0


def document(told: Suggested) -> dict[str, object]:
    """Everything as JSON data; docs/fix.md describes it."""
    from troth.jobs.recommend.wire import advice_to_json

    return {
        "commit": told.commit,
        "findings": len(told.findings),
        "failing": sum(one.verdict in ("broken", "partly") for one in told.complaints),
        "advice": [advice_to_json(one) for one in told.round.advice],
        "failures": [{"module": one.module, "because": one.because} for one in told.round.failures],
        "patch": told.combined.patch,
        "left_out": [one.title for one in told.combined.left_out],
    }


def say(told: Suggested) -> None:
    """What a person should know besides the patch, on standard error."""
    from troth.report.untrusted import one_line

    def line(text: str) -> None:
        click.echo(one_line(text), err=True)

    failing = sum(one.verdict in ("broken", "partly") for one in told.complaints)
    mended = {name for one in told.combined.taken for name in one.mends}
    line(f"{len(mended)} of {failing} failing promises have a patch ({len(told.combined.taken)} recommendations).")
    for one in told.combined.taken:
        line(f"  [{one.risk.value}] {one.title} ({one.module})")
        for caution in one.cautions:
            line(f"      look: {caution}")
    for one in told.round.recommendations:
        if one.action is not None:
            line(f"  on the forge: {one.title} ({one.module}); troth fix --on-forge asks for it")
    for one in told.combined.left_out:
        line(f"  left out, touches the same lines: {one.title} ({one.module}); apply this patch and ask again")
    for gap in told.round.gaps:
        line(f"  {gap.module} needs {gap.missing}. {gap.because}")
    for failure in told.round.failures:
        line(f"  {failure.module} failed: {failure.because}")
