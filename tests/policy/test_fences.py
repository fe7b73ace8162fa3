"""Closing fences that carry a language: the rest of the policy is read, and every place stays exact."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from troth.policy import read
from troth.policy.fences import close_fences

BROKEN = "# Security\n\n```bash\nmake\n```markdown\n\n## Reporting\n\n- We acknowledge reports within 48 hours\n"
NESTED = "# Security\n\n1. Run the checks\n\n   ```bash\n   make\n\n```markdown\n\n   - It looks for secrets\n\n## Reporting\n\n- We acknowledge reports within 48 hours\n"


def test_what_follows_a_closing_fence_with_a_language_is_read_at_its_own_line():
    for text in (BROKEN, NESTED):
        reading = read(text, "SECURITY.md")
        found = next(one for one in reading.statements if "48 hours" in one.text)

        assert text[found.span.start : found.span.end] in text.split("\n")[found.line - 1]
        assert found.headings == ("Security", "Reporting")
        assert any("closing fence" in note.says for note in reading.notes)


def test_a_whole_policy_is_left_alone():
    whole = "# Security\n\n```bash\nmake\n```\n\n```python\nimport x\n```\n"

    assert close_fences(whole) is None
    assert not read(whole, "SECURITY.md").notes


def test_a_block_that_nothing_could_close_stays_code():
    open_end = "# Security\n\n```bash\nmake\n- We acknowledge reports within 48 hours\n"

    assert close_fences(open_end) is None
    assert [one.language for one in read(open_end, "SECURITY.md").statements if "48 hours" in one.quote] == ["bash"]


@given(st.lists(st.sampled_from(["```", "```bash", "  ```markdown", "~~~", "~~~py", "text", "- item", "1. ```sh", "> ```", ""]), max_size=30))
@settings(max_examples=200, deadline=None)
def test_mending_keeps_every_place(lines):
    text = "\n".join(lines)
    mended = close_fences(text)

    assert mended is None or [len(line) for line in mended[0].split("\n")] == [len(line) for line in lines]
    assert isinstance(read(text, "SECURITY.md").text, str)
