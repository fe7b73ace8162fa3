"""A sentence that is not kept moves to the policy's known limits, or the policy stays as it is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.jobs.recommend.made import complaint
from troth.jobs.recommend.modules.true_sentence import rewritten


def test_a_sentence_that_is_not_kept_moves_to_the_known_limits() -> None:
    text = "# Security\r\n\r\n- **Bandit**: a linter\r\n- Semgrep\r\n  - with rules\r\n\r\nWe scan. We sign all commits. We rest.\r\n\r\n| a | b |\r\n|---|---|\r\n| c | d |\r\n"
    item = complaint("code/scan-tool-runs", text="Bandit: a linter", quote="**Bandit**: a linter", line=3, because="Nothing calls bandit.")
    nested = complaint("code/scan-tool-runs", text="Semgrep", quote="Semgrep", line=4)
    inner = complaint("commits/signed", text="We sign all commits.", quote="We sign all commits.", line=7, because="No commit is signed.")
    row = complaint("versions/supported-table", text="c d", quote="c | d", line=11)
    now, left = rewritten(text, (item, nested, inner, row))

    assert "# Security\n\n- Semgrep\n  - with rules\n\nWe scan. We rest.\n\n| a | b |\n|---|---|\n| c | d |\n\n## Known limitations\n\n- Not yet in place: Bandit: a linter. Nothing calls bandit.\n- Not yet in place: We sign all commits. No commit is signed.\n".replace("\n", "\r\n") == now
    assert {4, 11} == {one.line for one in left}


@given(st.lists(st.sampled_from(["- one", "* two", "3. three", "four.", "Five. Six.", "", "## H", "  - deep", "```", "| a |", "- seven\n  goes on"]), max_size=10), st.integers(1, 10), st.sampled_from(["one", "two", "three", "four.", "Five.", "Six.", "seven\n  goes on", "deep", "H", "a"]))
@settings(max_examples=200)
def test_rewriting_moves_the_sentence_or_leaves_the_policy_alone(lines: list[str], line: int, quote: str) -> None:
    text = "\n".join(lines) + "\n"
    one = complaint("x/y", text=" ".join(quote.split()), quote=quote, line=line)
    now, left = rewritten(text, (one,))

    if left:
        assert text == now
    else:
        kept, _, moved = now.partition("## Known limitations")
        assert " ".join(quote.split()).rstrip(".") in moved
        assert sum(kept.count(word) for word in quote.split()) < sum(text.count(word) for word in quote.split()) + (quote == "a")
