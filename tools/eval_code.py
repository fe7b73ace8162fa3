"""Precision and recall of the code rules on labelled lines, beside bandit and ruff S on the same files.

    python tools/eval_code.py            one table; a third of the files, chosen by a hash of their names, is reported apart
    python tools/eval_code.py --misses   the lines that are wrong (of the two thirds that rules may be tuned on)
    python tools/eval_code.py --semgrep RULES [--semgrep-program PATH]    semgrep, too, with the rules of a folder

A peer's finding on a bad line counts as found, whatever its rule; on a safe line as false. What no label stands on does not count.
semgrep needs its rules: a folder of those of its public repository (github.com/semgrep/semgrep-rules) that are for Python and of category security. Without, nothing is said of it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet

from troth.engines.code.prefilter import Prefilter
from troth.engines.code.rule import Context
from troth.engines.code.rules import every_rule
from troth.engines.code.scan import scan_files

CORPUS = Path(__file__).resolve().parents[1] / "tests" / "corpus" / "code"
PREFILTER = Prefilter(every_rule(), search="bytes")
HEAD = re.compile(r"^=== (\S+)(?: torch=(\S+))?$")
LABEL = re.compile(r"  #([!~]) ([\w-]+)$")


@dataclass(frozen=True)
class Sample:
    """One labelled file: its text without labels, and line -> (bad, rule)."""

    name: str
    text: str
    labels: dict[int, tuple[bool, str]]
    torch: str | None

    @property
    def held_out(self) -> bool:
        """In the third that rules are not tuned on."""
        return hashlib.sha256(self.name.encode()).digest()[0] % 3 == 0


def samples(corpus: Path = CORPUS) -> Iterator[Sample]:
    """All labelled files."""
    for path in sorted(corpus.glob("*.txt")):
        name, torch, lines = "", None, []
        for line in [*path.read_text().splitlines(), "=== end"]:
            head = HEAD.match(line)
            if head is None:
                lines.append(line)
                continue
            if name:
                yield _sample(name, torch, lines)
            name, torch, lines = head.group(1), head.group(2), []


def _sample(name: str, torch: str | None, lines: list[str]) -> Sample:
    labels = {}
    for number, line in enumerate(lines, start=1):
        label = LABEL.search(line)
        if label is not None:
            labels[number] = (label.group(1) == "!", label.group(2))
    return Sample(name, "\n".join(LABEL.sub("", line) for line in lines) + "\n", labels, torch)


def context_of(sample: Sample) -> Context:
    """What a manifest with the sample's torch would say."""
    if sample.torch is None:
        return Context()
    wish = SpecifierSet(sample.torch)
    return Context(torch_safe=not any(wish.contains(version) for version in ("1.13.1", "2.0.0", "2.3.1", "2.4.0", "2.5.1")))


def ours(sample: Sample) -> dict[int, set[str]]:
    """Our findings: line -> rules."""
    scan = scan_files([(f"{sample.name}.py", sample.text.encode())], PREFILTER, context_of(sample))
    found: dict[int, set[str]] = {}
    for finding in scan.findings:
        found.setdefault(finding.line, set()).add(finding.rule.id)
    return found


def bandit(folder: Path) -> dict[str, set[int]]:
    """Lines that bandit names, by file."""
    run = subprocess.run(["bandit", "-q", "-r", str(folder), "-f", "json"], capture_output=True, text=True, check=False)
    found: dict[str, set[int]] = {}
    for item in json.loads(run.stdout)["results"]:
        found.setdefault(Path(item["filename"]).stem, set()).update(item["line_range"] or [item["line_number"]])
    return found


def ruff(folder: Path) -> dict[str, set[int]]:
    """Lines that ruff's S rules name, by file."""
    run = subprocess.run(
        ["ruff", "check", "--isolated", "--preview", "--select", "S", "--output-format", "json", "--no-cache", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found: dict[str, set[int]] = {}
    for item in json.loads(run.stdout):
        found.setdefault(Path(item["filename"]).stem, set()).add(item["location"]["row"])
    return found


def semgrep(folder: Path, rules: str, program: str) -> dict[str, set[int]]:
    """Lines that semgrep names, by file."""
    run = subprocess.run(
        [program, "scan", "--metrics=off", "--disable-version-check", "--quiet", "--no-git-ignore", "--json", "--config", rules, str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found: dict[str, set[int]] = {}
    for item in json.loads(run.stdout)["results"]:
        found.setdefault(Path(item["path"]).stem, set()).update(range(item["start"]["line"], item["end"]["line"] + 1))
    return found


@dataclass
class Count:
    """True and false positives, and misses."""

    hit: int = 0
    false: int = 0
    missed: int = 0

    def row(self, name: str) -> str:
        """One line of the table."""
        precision = self.hit / (self.hit + self.false) if self.hit + self.false else 0.0
        recall = self.hit / (self.hit + self.missed) if self.hit + self.missed else 0.0
        return f"{name:28} {self.hit:5} {self.false:5} {self.missed:6}   {precision:9.3f} {recall:7.3f}\n"


def add(count: Count, sample: Sample, lines: set[int]) -> None:
    """Count a set of lines against the labels."""
    for line, (bad, _) in sample.labels.items():
        count.hit += bad and line in lines
        count.missed += bad and line not in lines
        count.false += not bad and line in lines


def strict(sample: Sample, found: dict[int, set[str]], misses: bool) -> set[int]:
    """Our lines: a bad one counts only under its own rule."""
    lines = set()
    for line, (bad, rule) in sample.labels.items():
        named = found.get(line, set())
        if (rule in named) if bad else bool(named):
            lines.add(line)
        if misses and not sample.held_out and (line in lines) != bad:
            sys.stdout.write(f"{sample.name}:{line} {'missed' if bad else 'false'} {rule} {sorted(named)}: {sample.text.splitlines()[line - 1].strip()}\n")
    for line, named in found.items():
        if misses and not sample.held_out and line not in sample.labels:
            sys.stdout.write(f"{sample.name}:{line} unlabelled {sorted(named)}: {sample.text.splitlines()[line - 1].strip()}\n")
    return lines


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--semgrep", metavar="RULES")
    parser.add_argument("--semgrep-program", default="semgrep")
    options = parser.parse_args()
    everything = list(samples())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for sample in everything:
            (folder / f"{sample.name}.py").write_text(sample.text)
        peers = {"bandit": bandit(folder) if shutil.which("bandit") else None, "ruff S (preview)": ruff(folder) if shutil.which("ruff") else None}
        peers["semgrep"] = semgrep(folder, options.semgrep, options.semgrep_program) if options.semgrep else None
    counts: dict[str, Count] = {}
    for sample in everything:
        lines = strict(sample, ours(sample), options.misses)
        add(counts.setdefault("troth", Count()), sample, lines)
        add(counts.setdefault("troth, second hand" if sample.name.startswith(("out_", "third_")) else "troth, first hand", Count()), sample, lines)
        add(counts.setdefault("troth, held out" if sample.held_out else "troth, tuned on", Count()), sample, lines)
        for peer, found in peers.items():
            if found is not None:
                add(counts.setdefault(peer, Count()), sample, found.get(sample.name, set()))
    labelled = [label for sample in everything for label in sample.labels.values()]
    sys.stdout.write(f"{len(labelled)} labelled lines, {sum(bad for bad, _ in labelled)} bad, in {len(everything)} files\n")
    sys.stdout.write(f"{'':28} found false missed   precision  recall\n")
    for name, count in counts.items():
        sys.stdout.write(count.row(name))
    for peer in sorted(name for name, found in peers.items() if found is None):
        sys.stdout.write(f"{peer}: not run, so nothing is said of it\n")
    whole = counts["troth"]
    return 0 if whole.hit >= 0.98 * (whole.hit + whole.false) and whole.hit >= 0.95 * (whole.hit + whole.missed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
