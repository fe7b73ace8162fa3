"""Words of a text: what the pattern language matches against."""

from __future__ import annotations

from troth.policy.match.words import split


def test_a_setting_s_name_is_read_by_its_parts_and_as_a_whole() -> None:
    assert split("`runAsNonRoot: true`") == ("run", "as", "non", "root", "runasnonroot", "true")


def test_a_product_s_name_is_one_word() -> None:
    assert split("CodeQL, GitHub and PostgreSQL") == ("codeql", "github", "and", "postgresql")
