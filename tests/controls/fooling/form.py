"""The form of one attempt to fool a verifier, and the trees that most of them start from."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import indent

__all__ = ["BANDIT", "SOURCE", "Fooling", "hook", "steps", "workflow"]

BANDIT = ("code/scan-tool-runs", "Bandit runs on every pull request in CI")
SOURCE = {"src/app.py": "import os\n\n\ndef main():\n    return os.getcwd()\n"}


@dataclass(frozen=True)
class Fooling:
    """One attempt.

    Attributes:
        name: what is done, for the test's id.
        control, sentence: what is promised.
        fooled: files in which it looks kept, and is not.
        honest: files of the twin, in which it is.
        history: further commits of both trees, as in a control's README.
        kept: whether the twin is Kept; false where that takes more than files, and it only must not be Broken.
    """

    name: str
    control: str
    sentence: str
    fooled: dict[str, str]
    honest: dict[str, str]
    modes: dict[str, str] = field(default_factory=dict)
    kept: bool = True


def steps(*runs: str) -> str:
    """Steps of a job after the checkout: commands, or whole steps that begin with a dash."""
    found = ["- uses: actions/checkout@v4"]
    for run in runs:
        found.append(run.strip("\n") if run.lstrip().startswith("- ") else "- run: |\n" + indent(run.strip("\n"), "    "))
    return "\n".join(found) + "\n"


def workflow(body: str = "", *, on: str = "on: pull_request", job: str = "", top: str = "", name: str = ".github/workflows/scan.yml") -> dict[str, str]:
    """A workflow with one job: its trigger, keys of the job, its steps, keys beside the jobs."""
    keys = indent(job.strip("\n") + "\n", "    ") if job else ""
    text = f"{on}\n{top}jobs:\n  scan:\n    runs-on: ubuntu-latest\n{keys}    steps:\n{indent(body, '      ')}"
    return {name: text, **SOURCE}


def hook(text: str) -> dict[str, str]:
    """A configuration of pre-commit."""
    return {".pre-commit-config.yaml": text, **SOURCE}
