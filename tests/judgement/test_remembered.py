"""Answers are kept by the id of a content, only while somebody asks for that, and forgotten by weight."""

from __future__ import annotations

from troth.judgement.remembered import of_blob, remembering


def _asked(blob: str, question: str, weight: int = 0) -> bool:
    """Whether the answer had to be found."""
    found: list[int] = []
    of_blob(blob, question, weight, lambda: found.append(1))
    return bool(found)


def test_nothing_is_kept_outside() -> None:
    assert _asked("a", "q")
    assert _asked("a", "q")


def test_the_same_question_of_the_same_content_is_answered_once() -> None:
    with remembering():
        assert _asked("a", "q")
        assert not _asked("a", "q")
        assert _asked("a", "other")
        assert _asked("b", "q")
    with remembering():
        assert _asked("a", "q")


def test_what_lies_on_disk_is_asked_each_time() -> None:
    with remembering():
        assert _asked("", "q")
        assert _asked("", "q")


def test_an_answer_of_nothing_is_an_answer() -> None:
    with remembering():
        assert of_blob("a", "q", 0, lambda: None) is None
        assert not _asked("a", "q")


def test_the_least_recently_used_is_forgotten_first() -> None:
    with remembering(limit=2000):
        assert _asked("a", "q", 500)
        assert _asked("b", "q", 500)
        assert not _asked("a", "q", 500)
        assert _asked("c", "q", 500)
        assert not _asked("a", "q", 500)
        assert _asked("b", "q", 500)


def test_a_block_within_shares_and_leaves_the_outer_one_as_it_was() -> None:
    with remembering():
        assert _asked("a", "q")
        with remembering():
            assert not _asked("a", "q")
        assert not _asked("a", "q")
