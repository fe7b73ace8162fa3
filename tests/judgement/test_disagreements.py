from dataclasses import replace

import pytest

from troth.judgement.disagreements import other_limits, seconds
from troth.terms.facts.policies import PolicySet
from troth.terms.place import Span
from troth.terms.promise import Kind, Promise, Statement
from troth.terms.result import PolicyFile
from troth.terms.values import Params


@pytest.mark.parametrize(
    "iso, length",
    [
        ("PT48H", 172_800),
        ("P7D", 604_800),
        ("P2W", 1_209_600),
        ("P1M", 2_592_000),
        ("asap", None),
        ("P", None),
        (None, None),
        ("PT", None),
    ],
)
def test_durations_have_a_length_or_none(iso, length):
    assert seconds(iso) == length


def promise(path, text, within, **more):
    return Promise(
        Statement(path, 3, (3,), Span(0, 0), text, text, Kind.ITEM),
        "report/ack-within",
        Params({"within": within, **more}),
    )


def policies(*promises):
    files = tuple(
        PolicyFile(path, path == "SECURITY.md", path, "")
        for path in dict.fromkeys(item.statement.path for item in promises)
    )
    return PolicySet(files, tuple(promises))


def test_another_limit_is_found_and_the_same_one_is_not():
    mine, same, other = (
        promise("a/SECURITY.md", "48 hours", "PT48H"),
        promise("b/SECURITY.md", "2 days", "P2D"),
        promise("SECURITY.md", "72 hours", "PT72H"),
    )

    found = other_limits("report/ack-within", mine.statement, mine.params, policies(mine, same, other))

    assert [(item.iso, item.shown, item.same_policy) for item in found] == [("PT72H", True, False)]


def test_limits_for_other_severities_do_not_disagree():
    mine, other = (
        promise("SECURITY.md", "critical", "P7D", severity="critical"),
        promise("SECURITY.md", "low", "P90D", severity="low"),
    )

    assert other_limits("report/ack-within", mine.statement, mine.params, policies(mine, other)) == ()


def row(severity, within):
    cells = (severity, within)
    return Promise(Statement("SECURITY.md", 9, (9,), Span(9, 9), " | ".join(cells), " | ".join(cells), Kind.ROW, headings=("Response",), cells=cells, columns=("Severity", "Response")), "report/ack-within", Params({"within": within}))


def test_a_grave_case_may_be_answered_sooner_than_reports_in_general_and_not_later():
    general, sooner, later = promise("SECURITY.md", "within 24 hours", "PT24H"), row("Critical", "PT2H"), row("Low", "PT72H")
    known = policies(general, sooner, later)

    assert other_limits("report/ack-within", sooner.statement, sooner.params, known) == ()
    assert [item.iso for item in other_limits("report/ack-within", general.statement, general.params, known)] == ["PT72H"]
    assert [item.iso for item in other_limits("report/ack-within", later.statement, later.params, known)] == ["PT24H"]


def test_an_emergency_contact_may_answer_sooner_and_not_later() -> None:
    def under(heading: str, text: str, within: str) -> Promise:
        made = promise("SECURITY.md", text, within)
        return replace(made, statement=replace(made.statement, headings=("Security", heading)))

    usual, soon, late = under("Reporting", "24 hours", "PT24H"), under("Emergency Contact", "2 hours", "PT2H"), under("Emergency Contact", "3 days", "P3D")

    assert other_limits("report/ack-within", usual.statement, usual.params, policies(usual, soon)) == ()
    assert [item.iso for item in other_limits("report/ack-within", usual.statement, usual.params, policies(usual, late))] == ["P3D"]


def test_a_time_that_counts_from_the_fix_is_no_time_to_the_fix() -> None:
    mend, publish, other = promise("SECURITY.md", "7 days", "P7D"), promise("SECURITY.md", "14 days after the fix is available", "P14D"), promise("SECURITY.md", "14 days", "P14D")
    there = replace(other, statement=replace(other.statement, headings=("Security", "Elsewhere")))
    published = replace(publish, statement=replace(publish.statement, headings=("Security", "Disclosure")))

    assert other_limits("report/ack-within", mend.statement, mend.params, policies(mend, published)) == ()
    assert [item.iso for item in other_limits("report/ack-within", mend.statement, mend.params, policies(mend, there))] == ["P14D"]
