"""Precision and recall of the TypeScript, JavaScript and Rust rules on labelled lines (`tests/corpus/code_grown`).

    python tools/eval_grown.py [--misses]

A label stands at the end of its line: `//! rule` where the rule must name the line, `//~ rule` where it must not. What no label stands on does not count.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from troth.engines.code.grown.scan import GrownScan

CORPUS = Path(__file__).resolve().parents[1] / "tests" / "corpus" / "code_grown"
HEAD = re.compile(r"^=== (\S+)$")
LABEL = re.compile(r"//([!~]) ([\w-]+)")


@dataclass(frozen=True)
class Sample:
    """One labelled file: the set that it is of, its name, its text without labels, and (line, rule) -> bad."""

    source: str
    name: str
    text: str
    labels: dict[tuple[int, str], bool]


@dataclass
class Count:
    """True and false positives, misses, and safe lines that were left alone."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    left: int = 0


def samples(corpus: Path = CORPUS) -> Iterator[Sample]:
    """All labelled files."""
    for path in sorted(corpus.glob("*.txt")):
        name, lines = "", []
        for line in [*path.read_text().splitlines(), "=== end"]:
            head = HEAD.match(line)
            if head is None:
                lines.append(line)
                continue
            if name:
                labels = {(number, rule): kind == "!" for number, text in enumerate(lines, start=1) for kind, rule in LABEL.findall(text)}
                yield Sample(path.stem, name, "\n".join(LABEL.sub("", text).rstrip() for text in lines) + "\n", labels)
            name, lines = head.group(1), []


def judged(sample: Sample, scan: GrownScan) -> Iterator[tuple[int, str, bool, bool]]:
    """For each label: line, rule, bad, and whether the rule names the line."""
    found = {(item.line, item.rule.id) for item in scan.scan([(sample.name, sample.text.encode())]).findings}
    for (line, rule), bad in sorted(sample.labels.items()):
        yield line, rule, bad, (line, rule) in found


def main() -> int:
    """Print a line a set; 0 where precision and recall are at least 0.98 and 0.95."""
    scan = GrownScan(search="bytes")
    counts: dict[str, Count] = {}
    for sample in samples():
        count = counts.setdefault(sample.source, Count())
        for line, rule, bad, named in judged(sample, scan):
            count.hit += bad and named
            count.missed += bad and not named
            count.false += named and not bad
            count.left += not (named or bad)
            if "--misses" in sys.argv and named != bad:
                sys.stdout.write(f"{sample.source} {sample.name}:{line} {'missed' if bad else 'false'} {rule}\n")
    right = True
    for name, count in counts.items():
        precision, recall = (count.hit / (count.hit + other) if count.hit else 0.0 for other in (count.false, count.missed))
        right &= precision >= 0.98 and recall >= 0.95
        sys.stdout.write(f"{name:16} found {count.hit:3}, missed {count.missed}, false {count.false}, left alone {count.left:3}: precision {precision:.3f}, recall {recall:.3f}\n")
    return int(not right)


if __name__ == "__main__":
    sys.exit(main())
