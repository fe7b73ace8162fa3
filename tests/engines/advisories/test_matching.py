import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.engines.advisories.made import NOW, advisory, index_of
from tests.engines.trees import tree_of
from troth.engines.advisories.matching import match
from troth.engines.dependencies import look
from troth.terms.facts.advisories import Reach

LOCK = '[[package]]\nname = "Flask"\nversion = "{}"\nsource = {{ registry = "r" }}\n\n[[package]]\nname = "calm"\nversion = "1"\nsource = {{ registry = "r" }}\n'
MANIFEST = '[project]\nname = "a"\nversion = "1"\ndependencies = ["flask>=1", "calm"]\n'


def asked(tmp_path, files, *advisories, now=NOW, **more):
    with index_of(tmp_path, *advisories) as index:
        return match(look(tree_of(files)), index, now, **more)


def locked(version):
    return {"pyproject.toml": MANIFEST, "uv.lock": LOCK.format(version)}


@pytest.mark.parametrize(
    ("version", "hits"),
    [("0.9", 0), ("1.0", 1), ("1.0.0", 1), ("1.4.9", 1), ("1.5rc1", 1), ("1.5", 0), ("2.1", 1), ("2.2", 1), ("2.3", 0)],
)
def test_a_locked_version_is_met_by_the_range_that_holds_it(tmp_path, version, hits):
    events = [{"fixed": "1.5"}, {"introduced": "1.0"}, {"introduced": "2.0"}, {"last_affected": "2.2"}]
    found = asked(tmp_path, locked(version), advisory(events=events))

    assert len(found.hits) == hits
    assert not found.undecided
    assert sum(number for _, number in found.judged) == 2
    if hits:
        assert (found.hits[0].reach, str(found.hits[0].place)) == (Reach.LOCKED, "uv.lock:1")


def test_a_listed_version_is_met_however_it_is_written(tmp_path):
    assert asked(tmp_path, locked("1.0"), advisory(versions=["1.0.0", "1.1"])).hits
    assert not asked(tmp_path, locked("1.2"), advisory(versions=["1.0.0", "1.1"])).hits


def test_zero_stands_for_the_first_version(tmp_path):
    assert asked(tmp_path, locked("0.0.1.dev1"), advisory(events=[{"introduced": "0"}])).hits


def test_a_withdrawn_advisory_hits_nothing_and_is_counted(tmp_path):
    found = asked(tmp_path, locked("1.0"), advisory(events=[{"introduced": "0"}], withdrawn="2026-01-31T00:00:00Z"))

    assert not found.hits
    assert found.sources[0].withdrawn == 1


def test_an_advisory_without_ranges_is_no_all_clear(tmp_path):
    found = asked(tmp_path, locked("1.0"), advisory())

    assert not found.hits
    assert "does not say which versions" in found.undecided[0][1]


def test_a_version_that_has_no_order_is_told_and_not_passed_over(tmp_path):
    found = asked(tmp_path, locked("***"), advisory(events=[{"introduced": "1"}]))

    assert not found.hits
    assert found.undecided


@pytest.mark.parametrize(
    ("wish", "affected"),
    [("flask>=1", "1.0"), ("flask", "1.0"), ("flask>=1,!=1.0", ""), ("flask>=2", ""), ("flask==1.0", "1.0"), ("flask<1.1", "1.0")],
)
def test_a_range_admits_a_vulnerable_version_only_if_it_was_released(tmp_path, wish, affected):
    found = asked(tmp_path, {"requirements.txt": wish + "\n"}, advisory(events=[{"introduced": "0"}, {"fixed": "1.5"}], versions=["1.0"]))

    assert [hit.affected for hit in found.hits] == ([affected or ">=0"] if affected else []) or found.hits[0].affected == "<1.5"
    assert bool(found.hits) == bool(affected)


def test_npm_ranges_are_laid_over_the_affected_ones(tmp_path):
    files = {"package.json": json.dumps({"name": "x", "version": "1.0.0", "dependencies": {"a": "^1.2.0", "b": "^2.0.0"}})}
    found = asked(
        tmp_path,
        files,
        advisory("A", "npm", "a", [{"introduced": "0"}, {"fixed": "1.3.0"}]),
        advisory("B", "npm", "b", [{"introduced": "0"}, {"fixed": "2.0.0"}]),
    )

    assert [(hit.advisory, hit.reach, hit.affected) for hit in found.hits] == [("A", Reach.ADMITTED, ">=1.2.0, <1.3.0")]
    assert [str(place) for place in found.open] == ["package.json:1"]


def test_a_lock_decides_in_the_place_of_its_manifest(tmp_path):
    found = asked(tmp_path, locked("1.5"), advisory(events=[{"introduced": "0"}, {"fixed": "1.5"}]))

    assert not found.hits
    assert not found.open


def test_age_holes_and_missing_ecosystems_are_part_of_the_answer(tmp_path):
    files = {**locked("1.5"), "package.json": '{"name": "x", "dependencies": {"a": "1.0.0"}}'}
    broken = advisory(events=[{"introduced": "9"}])
    found = asked(tmp_path, files, broken, '{"id": "X"', now=NOW + timedelta(days=40))

    assert found.stale == ("pypi",)
    assert found.uncovered == ("npm",)
    assert found.holes == ("source",)


def test_a_source_from_the_future_is_not_fresh(tmp_path):
    late = advisory(events=[{"introduced": "9"}])
    late["modified"] = "2030-01-01T00:00:00Z"
    found = asked(tmp_path, locked("1"), late, now=datetime(2025, 1, 1, tzinfo=UTC))

    assert found.stale == ("pypi",)


def test_fixtures_are_left_out_unless_asked_for(tmp_path):
    files = {"tests/data/requirements.txt": "flask==1.0\n"}
    told = advisory(events=[{"introduced": "0"}])

    assert not asked(tmp_path, files, told).hits
    assert asked(tmp_path, files, told, everything=True).hits


def test_go_is_judged_by_what_the_module_asks_for_not_by_old_sums(tmp_path):
    files = {"go.mod": "module x.test/m\n\nrequire y.test/a v1.2.3\n", "go.sum": "y.test/a v1.0.0 h1:a=\ny.test/a v1.2.3 h1:b=\n"}
    told = advisory("G", "Go", "y.test/a", [{"introduced": "0"}, {"fixed": "1.1.0"}])

    assert not asked(tmp_path, files, told).hits
    assert asked(tmp_path, files, advisory("G", "Go", "y.test/a", [{"introduced": "1.2.0"}])).hits


def test_a_dependency_from_a_repository_cannot_be_compared(tmp_path):
    found = asked(tmp_path, {"requirements.txt": "flask @ git+https://x.test/flask@0123456789012345678901234567890123456789\n"}, advisory(events=[{"introduced": "0"}]))

    assert dict(found.undecided)["flask"].startswith("it comes from a repository")
