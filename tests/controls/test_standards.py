"""A standard that a project is aligned with is not shown by its tests."""

from __future__ import annotations

import pytest

from troth.controls.tests.security_covered.verify import verify
from troth.terms.facts.tools import ToolRuns
from troth.terms.place import Span
from troth.terms.promise import Kind, Modality, Statement
from troth.terms.values import Params
from troth.terms.verdict import name_of


class NoFiles:
    """A tree without any file."""

    def paths(self, *patterns: str) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize(("text", "says_standard"), [("OWASP Testing Guide v4: comprehensive security testing", True), ("Aligned with ASVS: security tests", True), ("Security tests cover the OWASP Top 10", False)])
def test_a_standard_is_shown_by_no_test(text: str, says_standard: bool) -> None:
    statement = Statement("SECURITY.md", 1, (1,), Span(0, 1), text, text, Kind.ITEM, modality=Modality.FEATURE)
    verdict = verify(Params({}), statement, ToolRuns(()), NoFiles())

    assert name_of(verdict) == "unknown" or not says_standard
    assert ("standard" in getattr(verdict, "because", "")) is says_standard
