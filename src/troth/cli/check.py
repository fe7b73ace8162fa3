"""`troth check TREE`: judge a tree's security policy and report."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import click

from troth.cli.output import FORMATS, OutputOptions, emit, outcome, write_file
from troth.cli.progress import progress
from troth.errors import EXIT_BROKEN

if TYPE_CHECKING:
    from troth.terms.result import Result

__all__ = ["check"]


@click.command()
@click.argument("tree", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="PATH",
    help="Judge this policy: a path in the tree, or a file elsewhere. Repeatable.",
)
@click.option(
    "--settings",
    type=click.Path(path_type=Path),
    help="Settings file in place of the tree's troth.toml or pyproject.toml.",
)
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Decide settings from this snapshot of the forge (troth snapshot).",
)
@click.option(
    "--forge",
    is_flag=True,
    help="Ask the forge for its settings, with a read-only token from TROTH_TOKEN or GITHUB_TOKEN.",
)
@click.option(
    "--advisories",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Ask this index of known vulnerabilities (troth advisories); default: your own, where it is.",
)
@click.option(
    "--registries",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Answers of package registries (troth registries), for promises about what is published.",
)
@click.option("--repository", default="", metavar="OWNER/NAME", help="The repository on the forge; default: the remote origin.")
@click.option("--api", default="https://api.github.com", show_default=True, help="Address of the forge's interface.")
@click.option(
    "--sarif",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="SARIF of another scanner, as evidence that it ran. Repeatable.",
)
@click.option("--proof", "proofs", multiple=True, type=click.Path(path_type=Path, dir_okay=False), help="Signed file of troth prove: what a run showed. Repeatable.")
@click.option("--proof-key-id", "proof_key", help="Id of the key that signed the proofs; default: your own key.")
@click.option("--only", multiple=True, metavar="CONTROL", help="Judge only promises of this control. Repeatable.")
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="Format of the report."
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to this file.")
@click.option("--all", "everything", is_flag=True, help="Every promise in full, not only the ten worst.")
@click.option("--fail-on", type=click.Choice(["unknown"]), help="Also exit with 1 for promises that cannot be decided.")
@click.option("--allow-incomplete", is_flag=True, help="Do not exit with 2 where an engine could not see.")
@click.option("--evidence", type=click.Path(path_type=Path, dir_okay=False), help="Write a signed evidence file.")
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Private key (PEM, Ed25519) that signs the evidence file.",
)
@click.option("--self-test", "self_test", is_flag=True, help="Then spoil a copy of the tree for every Kept, and demand that it falls.")
@click.option("--no-color", is_flag=True, help="No colours; the environment's NO_COLOR does the same.")
def check(
    *,
    tree: Path,
    policies: tuple[str, ...],
    settings: Path | None,
    snapshot: Path | None,
    forge: bool,
    repository: str,
    api: str,
    sarif: tuple[Path, ...],
    advisories: Path | None,
    registries: Path | None,
    proofs: tuple[Path, ...],
    proof_key: str | None,
    only: tuple[str, ...],
    format_: str,
    output: Path | None,
    everything: bool,
    fail_on: str | None,
    allow_incomplete: bool,
    evidence: Path | None,
    key: Path | None,
    self_test: bool,
    no_color: bool,
) -> int:
    """Judge the promises of TREE's security policy (default: the current directory).

    Nothing in TREE is executed or changed. Nothing is sent anywhere, except questions to the forge with --forge.
    """
    # a check makes some 100,000 small frozen objects and ends: collecting less often saves a tenth of its time, for at most some 100 MB of what is no longer used
    gc.set_threshold(1_000_000, 20, 100)
    from troth.app.advisories import AdvisoryIndex
    from troth.app.check import run_check
    from troth.app.forge import ForgeSource

    _refuse_key_without_evidence(key, evidence)
    if forge and snapshot is not None:
        raise click.UsageError("--forge asks the forge, --snapshot replaces that: give one of them.")
    with progress() as tell:
        source = ForgeSource(snapshot, repository, api, tell=tell) if forge or snapshot is not None else None
        result = run_check(tree, policies=policies, settings=settings, only=only, forge=source, sarif=sarif, advisories=AdvisoryIndex(advisories), registries=registries, proofs=proofs, proof_key=proof_key, progress=tell)
    emit(result, OutputOptions(format_, output, everything, fail_on == "unknown", not no_color))
    if evidence is not None:
        _sign(result, evidence, key)
    if self_test and not _all_fall(tree, policies, settings, only):
        return EXIT_BROKEN
    return outcome(result, fail_on_unknown=fail_on == "unknown", allow_incomplete=allow_incomplete)


def _refuse_key_without_evidence(key: Path | None, evidence: Path | None) -> None:
    if key is not None and evidence is None:
        raise click.UsageError("--key signs an evidence file: name one with --evidence FILE.")


def _all_fall(tree: Path, policies: tuple[str, ...], settings: Path | None, only: tuple[str, ...]) -> bool:
    """Run the self-test and say what became of every Kept; whether none survived."""
    from troth.app.self_test import self_test as trials_of
    from troth.report.untrusted import one_line

    with progress() as tell:
        trials = trials_of(tree, policies=policies, settings=settings, only=only, tell=tell)
    click.echo(err=True)
    for trial in trials:
        promise = trial.finding.promise
        place = f"{promise.statement.path}:{promise.statement.line} {promise.control}"
        if trial.survived:
            click.echo(f"SURVIVED  {place}: {one_line(promise.statement.text)[:80]} ({trial.tried} spoiled trees)", err=True)
        elif trial.tried:
            click.echo(f"falls     {place}: {trial.became}, where {trial.flipped_by}", err=True)
        else:
            click.echo(f"not tried {place}: its evidence is no file that could be spoiled", err=True)
    survived = sum(trial.survived for trial in trials)
    untried = sum(not trial.tried for trial in trials)
    click.echo(f"self-test: {len(trials) - survived - untried} of {len(trials)} Kept fall, {survived} survive, {untried} not tried", err=True)
    return not survived


def _sign(result: Result, evidence: Path, key: Path | None) -> None:
    from troth.check.catalogue import shipped
    from troth.ledger.evidence import sign
    from troth.ledger.keys import own_key, read_private_key

    private = own_key() if key is None else read_private_key(key)
    write_file(evidence, sign(result, shipped(), private), "signed evidence")
