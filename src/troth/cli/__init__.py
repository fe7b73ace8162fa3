"""The command line: one file per command, found by a static registry, and the one place that prints errors.

Rules:

* a command's module is imported only when the command is called, and heavy libraries only inside its body, so that `troth --help` stays quick;
* every error of `troth.errors` is printed here, as code, message, help and docs anchor; nobody else prints one;
* a traceback is shown only where the environment sets `TROTH_DEBUG`.

Standard output carries reports only; whatever is said about a run goes to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from troth import __version__
from troth.cli.lazy import LazyGroup
from troth.errors import TrothError, exit_code

__all__ = ["COMMANDS", "main", "run"]

COMMANDS: Final = {
    "advisories": ("troth.cli.advisories:advisories", "Ask known vulnerabilities about a tree, offline."),
    "blame": ("troth.cli.blame:blame", "Find the commit since which a promise is not kept."),
    "check": ("troth.cli.check:check", "Judge the promises of a tree's security policy."),
    "code": ("troth.cli.code:code", "Find dangerous lines around models, prompts and agents."),
    "controls": ("troth.cli.controls:controls", "List the controls of the catalogue, or show one."),
    "desk": ("troth.cli.desk:desk", "Take vulnerability reports in private, and keep the policy's clocks."),
    "demo": ("troth.cli.demo:demo", "Check a small demonstration project."),
    "fix": ("troth.cli.fix:fix", "Mend broken promises on a new branch, once it is approved."),
    "jobs": ("troth.cli.jobs:jobs", "Submit, approve, run and look back at jobs."),
    "ledger": ("troth.cli.ledger:ledger", "Verify, show, prove and export the ledger."),
    "insights": ("troth.cli.insights:insights", "Write findings as Security Insights or OSPS Baseline."),
    "models": ("troth.cli.models:models", "Look into model files without loading them."),
    "registries": ("troth.cli.registries:registries", "Store what npm and PyPI tell of a tree's packages."),
    "prove": ("troth.cli.prove:prove", "Run a program with canaries, and sign what its guards did."),
    "secrets": ("troth.cli.secrets:secrets", "Scan a tree and its history for secrets."),
    "snapshot": ("troth.cli.snapshot:snapshot", "Store a repository's settings on its forge."),
    "suggest": ("troth.cli.suggest:suggest", "Print patches that would mend broken promises."),
    "verify": ("troth.cli.verify:verify", "Verify a signed evidence file."),
}
"""Name of each command -> where it is, and its line in `--help`; a test holds both true."""


@click.group(
    cls=LazyGroup,
    registry=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="troth %(version)s")
def main() -> None:
    """Troth reads a project's security policy and shows which of its sentences are true.

    Exit codes: 0 all is kept, 1 something is broken or partly kept, 2 could not finish.
    """


def _say(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(line, err=True)


def _debug(error: Exception) -> None:
    if os.environ.get("TROTH_DEBUG"):
        raise error


def _report(error: TrothError) -> None:
    from troth.report.untrusted import visible

    _say((f"error[{error.code}]: {visible(str(error))}", f"  help: {error.help}", f"  docs: {error.docs}"))


def _unforeseen(error: Exception) -> None:
    from troth.report.untrusted import one_line

    _say(
        (
            f"error[troth]: {type(error).__name__}: {one_line(str(error))}",
            f"  help: {TrothError.help} Set TROTH_DEBUG=1 to see where it happened.",
            f"  docs: {TrothError().docs}",
        )
    )


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code (ARCHITECTURE 6).

    Args:
        arguments: what follows the program's name; the process' own where None.
    """
    try:
        outcome = main.main(
            args=None if arguments is None else list(arguments), prog_name="troth", standalone_mode=False
        )
    except TrothError as error:
        _debug(error)
        _report(error)
        return exit_code(error)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        _say(("interrupted",))
        return exit_code(KeyboardInterrupt(str(error)))
    except click.ClickException as error:
        error.show()
        return 2
    except BrokenPipeError:
        _drop_output()
        return 2
    except Exception as error:  # noqa: BLE001 - the last line: a user gets one clear line, never a traceback
        _debug(error)
        _unforeseen(error)
        return exit_code(error)
    return outcome if isinstance(outcome, int) else 0


def _drop_output() -> None:
    """The reader of our output went away; keep Python from complaining about it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
