"""The weights that ship are made from the sentences that stand in this repository."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from troth.policy.match.learned import FILE, features, read_weights, shipped_weights

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def test_no_sentence_was_changed_after_the_weights_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this fails: `python tools/train_match.py` with the labelled policies at hand."""
    pytest.importorskip("numpy")
    monkeypatch.syspath_prepend(str(TOOLS))
    import train_match

    head = FILE.read_text(encoding="utf-8").partition("\n")[0]
    made_from = re.search(r"sha256 ([0-9a-f]{64})", head)
    assert made_from is not None
    assert made_from[1] == train_match.digest()
    sys.modules.pop("train_match", None)


def test_weights_are_read_as_they_are_written() -> None:
    learned = read_weights("# from nothing\n-=0.5\ta/b=-1.25\nw:sandbo\t1=2.5\nw:thank\t0=3\t1=-0.7\n")
    assert learned.bias == {"-": 0.5, "a/b": -1.25}
    assert learned.weights == {"w:sandbo": {"a/b": 2.5}, "w:thank": {"-": 3.0, "a/b": -0.7}}
    assert learned.of({"w:sandbo": 1.0})["a/b"] > 0.5


def test_a_bullet_without_a_verb_sounds_like_its_control() -> None:
    learned = shipped_weights()
    assert learned is not None
    chances = learned.of(features("Request and response logging", ["Logging & Monitoring"], "features"))
    assert max(chances, key=lambda control: chances[control]) == "audit/trail"
    thanks = learned.of(features("Thank you for your patience", ["Reporting a Vulnerability"], "reporting"))
    assert all(chance < 0.35 for chance in thanks.values())
