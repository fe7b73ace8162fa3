"""Facts are looked for once; what cannot be seen is Unknown with its reason; composites wait for their parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from troth.check.looks import Looks
from troth.check.weigh import demand_engines, weigh
from troth.errors import CatalogueError, LookError
from troth.terms.control import Control, Parts, Pillar
from troth.terms.facts.policies import PolicySet
from troth.terms.place import Place, Span
from troth.terms.promise import Kind, Promise, Statement
from troth.terms.result import PolicyFile
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict, name_of


@dataclass(frozen=True)
class Weather:
    dry: bool


@dataclass(frozen=True)
class Street:
    wet: bool


EVIDENCE = (Evidence("seen", Place("a", 1)),)


def weather() -> Weather:
    return Weather(dry=True)


def street(weather: Weather) -> Street:
    return Street(wet=not weather.dry)


def dry(street: Street) -> Verdict:
    return Broken(How.ABSENT, EVIDENCE, "wet") if street.wet else Kept(EVIDENCE, "dry")


def control(name: str, verify=None, parts: tuple[str, ...] = (), decides: str = "files") -> Control:
    return Control(name, name, Pillar.CHECK, (), ({"any": ("x",)},), {}, (), "0.1.0", decides, "a look at the sky", parts, verify, name)


def promise(name: str, line: int = 1, children: tuple[int, ...] = ()) -> Promise:
    statement = Statement("SECURITY.md", line, (line,), Span(0, 1), "x", "x", Kind.ITEM, children=children)
    return Promise(statement, name)


def test_an_engine_looks_once_and_only_if_a_verifier_asks() -> None:
    asked = []

    def counting() -> Weather:
        asked.append(1)
        return Weather(dry=True)

    catalogue = {"a/b": control("a/b", dry)}
    looks = Looks((counting, street))
    assert [] == asked

    findings = weigh([promise("a/b"), promise("a/b", 2)], catalogue, looks)

    assert ["kept", "kept"] == [name_of(finding.verdict) for finding in findings]
    assert [1] == asked
    assert ["Weather", "Street"] == [run.facts for run in looks.runs]


def test_what_an_engine_cannot_see_is_unknown_for_everything_that_stands_on_it() -> None:
    def blind() -> Weather:
        raise LookError("a window", "There is no window.")

    looks = Looks((blind, street))
    found = weigh([promise("a/b"), promise("a/b", 2)], {"a/b": control("a/b", dry)}, looks)

    assert [Unknown("a window", "There is no window.")] * 2 == [finding.verdict for finding in found]
    assert [("Weather", False)] == [(run.facts, run.seen) for run in looks.runs]


def test_an_engine_that_fails_unforeseen_costs_a_verdict_and_is_reported() -> None:
    def failing() -> Weather:
        raise ZeroDivisionError("private detail")

    looks = Looks((failing, street))
    verdict = weigh([promise("a/b")], {"a/b": control("a/b", dry)}, looks)[0].verdict

    assert isinstance(verdict, Unknown)
    assert "ZeroDivisionError" in verdict.because
    assert not looks.runs[0].seen


def test_a_verifier_that_fails_unforeseen_is_unknown_and_the_run_is_unfinished() -> None:
    def failing(street: Street) -> Verdict:
        raise RecursionError

    looks = Looks((weather, street))
    verdict = weigh([promise("a/b")], {"a/b": control("a/b", failing)}, looks)[0].verdict

    assert isinstance(verdict, Unknown)
    assert [run.facts for run in looks.runs if not run.seen] == ["a/b"]


def test_a_control_without_a_verifier_says_what_it_would_take() -> None:
    verdict = weigh([promise("a/b")], {"a/b": control("a/b", None, decides="not-yet")}, Looks(()))[0].verdict

    assert isinstance(verdict, Unknown)
    assert "a look at the sky" == verdict.missing


def test_a_composite_waits_for_the_lines_under_it_and_for_the_controls_that_it_names() -> None:
    seen: list[Parts] = []

    def umbrella(params: Params, parts: Parts) -> Verdict:
        seen.append(parts)
        kept = all(isinstance(part.verdict, Kept) for part in parts.parts)
        return Kept(EVIDENCE, "all") if kept else Partly(How.INCOMPLETE, EVIDENCE, "some")

    def never(params: Params) -> Verdict:
        return Broken(How.ABSENT, EVIDENCE, "no")

    catalogue = {
        "a/umbrella": control("a/umbrella", umbrella, parts=("children", "a/unsaid")),
        "a/dry": control("a/dry", dry),
        "a/unsaid": control("a/unsaid", never),
        "a/else": control("a/else", never),
    }
    promises = [promise("a/umbrella", 1, children=(2, 3)), promise("a/dry", 2), promise("a/else", 9)]
    findings = weigh(promises, catalogue, Looks((weather, street)))

    assert ["partly", "kept", "broken"] == [name_of(finding.verdict) for finding in findings]
    assert [("a/dry", 2), ("a/unsaid", 0)] == [(part.control, part.line) for part in seen[0].parts]


def test_two_engines_for_one_fact_or_a_circle_of_engines_stop_the_run() -> None:
    def other() -> Weather:
        return Weather(dry=False)

    def chicken(street: Street) -> Weather:
        return Weather(dry=True)

    with pytest.raises(CatalogueError, match="two engines"):
        Looks((weather, other))
    with pytest.raises(CatalogueError, match="wait for each other"):
        Looks((chicken, street)).get(Weather)
    with pytest.raises(CatalogueError, match="no engine gives"):
        demand_engines({"a/b": control("a/b", dry)}, Looks((weather,)))


@pytest.mark.parametrize("build", [lambda: Kept((), "x"), lambda: Partly(How.STALE, (), "x"), lambda: Broken(How.STALE, (), "x")])
def test_no_verdict_but_unknown_stands_without_evidence(build) -> None:
    with pytest.raises(CatalogueError, match="evidence"):
        build()


def test_progress_counts_every_promise() -> None:
    told: list[tuple[str, int, int]] = []
    weigh([promise("a/b"), promise("a/b", 2)], {"a/b": control("a/b", dry)}, Looks((weather, street)), lambda *step: told.append(step))

    assert [("a/b", 0, 2), ("a/b", 1, 2)] == told
    assert replace(promise("a/b"), confidence=1.0).confidence == 1.0


@pytest.mark.parametrize(
    ("cells", "text", "expected"),
    [
        ((), "Dependency checks with a scanner (planned)", "unknown"),
        (("TLS for the local server", "deferred"), "TLS for the local server | deferred", "unknown"),
        (("Health check", "Not applicable (stateless)"), "Health check | Not applicable (stateless)", "not-applicable"),
        ((), "The planned maintenance window is announced", "kept"),
        ((), "To achieve Level 3, we would need to sign with a hardened runner", "unknown"),
        ((), "We plan to sign the releases", "unknown"),
        ((), "We sign what others would not", "kept"),
        (("Planned releases", "signed"), "Planned releases | signed", "kept"),
    ],
)
def test_a_sentence_that_puts_its_matter_off_promises_nothing_yet(cells: tuple[str, ...], text: str, expected: str) -> None:
    statement = Statement("SECURITY.md", 1, (1,), Span(0, 1), text, text, Kind.ROW if cells else Kind.ITEM, cells=cells, columns=tuple("?" for _ in cells))
    catalogue = {"a/b": control("a/b", dry), "report/b": control("report/b", dry)}
    looks = Looks((weather, street))

    (finding,) = weigh((Promise(statement, "a/b"),), catalogue, looks)
    assert name_of(finding.verdict) == expected
    (own,) = weigh((Promise(statement, "report/b"),), catalogue, looks)
    assert name_of(own.verdict) == "kept"


@pytest.mark.parametrize(("value", "expected"), [("In progress (target Q3 2025)", "unknown"), ("in progress of every release we sign", "kept"), ("Planned", "unknown")])
def test_what_stands_after_a_label_may_put_the_matter_off(value: str, expected: str) -> None:
    text = f"SOC 2: {value}"
    statement = Statement("SECURITY.md", 1, (1,), Span(0, 1), text, text, Kind.ITEM, label="SOC 2")

    (finding,) = weigh((Promise(statement, "a/b"),), {"a/b": control("a/b", dry)}, Looks((weather, street)))
    assert name_of(finding.verdict) == expected


@pytest.mark.parametrize(
    ("line", "expected"), [("- [ ] no secrets in the code", "unknown"), ("- [x] no secrets in the code", "kept"), ("- no secrets in the code", "kept"), ("- [](a.md) no secrets", "kept")]
)
def test_an_open_box_of_a_checklist_is_never_kept(line: str, expected: str) -> None:
    text = f"# Security\n\n{line}\n"
    statement = Statement("SECURITY.md", 3, (3,), Span(0, 1), "no secrets in the code", "no secrets in the code", Kind.ITEM)
    policies = PolicySet((PolicyFile("SECURITY.md", True, text, ""),))
    looks = Looks((weather, street), given=(policies,))

    (finding,) = weigh((Promise(statement, "a/b"),), {"a/b": control("a/b", dry)}, looks)
    assert name_of(finding.verdict) == expected


@pytest.mark.parametrize(
    ("around", "text", "expected"),
    [
        (("Planned for v1.1.0+:",), "Custom patterns via config", "unknown"),
        (("Planned 🗺️",), "security.txt", "unknown"),
        (("Future Enhancements",), "Signed images", "unknown"),
        (("Security Roadmap",), "Signed images", "unknown"),
        ((), "⏳ SBOM generation", "unknown"),
        ((), "🗺️ Bug bounty program", "unknown"),
        (("Planned downtime is announced",), "Signed images", "kept"),
        (("Completed ✅",), "✅ Signed images", "kept"),
        (("To do this safely:",), "Signed images", "kept"),
    ],
)
def test_what_stands_among_things_to_come_promises_nothing_whatever_its_topic(around: tuple[str, ...], text: str, expected: str) -> None:
    statement = Statement("SECURITY.md", 1, (1,), Span(0, 1), text, text, Kind.ITEM, headings=("Security Roadmap",), lead_in=around or ("Measures:",))
    catalogue = {"a/b": control("a/b", dry), "report/b": control("report/b", dry)}

    findings = weigh((Promise(statement, "a/b"), Promise(statement, "report/b")), catalogue, Looks((weather, street)))
    assert [expected] * 2 == [name_of(finding.verdict) for finding in findings]


@pytest.mark.parametrize(("text", "expected"), [("Known gap: v1.10.9 has no attestation.", "unknown"), ("Exception-safe handlers sign each release", "kept"), ("Gaps in signing are closed", "kept")])
def test_a_gap_that_the_sentence_owns_up_to_is_no_promise(text: str, expected: str) -> None:
    statement = Statement("SECURITY.md", 1, (1,), Span(0, 1), text, text, Kind.PARAGRAPH)

    (finding,) = weigh((Promise(statement, "a/b"),), {"a/b": control("a/b", dry)}, Looks((weather, street)))
    assert name_of(finding.verdict) == expected
