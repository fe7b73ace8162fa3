"""The claim to have no known vulnerabilities, with the index, its sources and the lock file spoiled in turn: never Kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.repositories import MadeCommit, MadeRepository
from troth.app.advisories import AdvisoryIndex
from troth.app.check import judge, open_session
from troth.engines.advisories.importing import import_source
from troth.terms.verdict import Broken, Kept, Partly, Unknown, Verdict

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
LOCK = 'version = 1\n\n[[package]]\nname = "flask"\nversion = "3.0.3"\nsource = { registry = "https://registry.test/simple" }\n'
FILES = {
    "SECURITY.md": "# Security\n\nOur dependencies have no known vulnerabilities.\n",
    "pyproject.toml": '[project]\nname = "a"\nversion = "1.0"\ndependencies = ["flask>=3"]\n',
    "uv.lock": LOCK,
}


def record(name: str = "OSV-1", modified: str = "2026-01-30T00:00:00Z", package: str = "flask", ecosystem: str = "PyPI", **more: object) -> dict[str, object]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.2.5"}]}]
    return {"id": name, "modified": modified, "affected": [{"package": {"ecosystem": ecosystem, "name": package}, "ranges": ranges, **more}]}


def judged(tmp_path: Path, index: Path | None) -> Verdict:
    source = AdvisoryIndex(index) if index is not None else None
    session = open_session(tmp_path / "repository", now=NOW, advisories=source)
    promise = next(each for each in session.promises if each.control == "deps/no-known-vulnerabilities")
    return judge(session, (promise,), None)[0].verdict


def world(tmp_path: Path, files: dict[str, str | bytes] | None = None, records: list[object] | None = None) -> Path:
    MadeRepository(tmp_path / "repository").commit(MadeCommit(files={**FILES, **(files or {})}))
    source = tmp_path / "osv"
    source.mkdir()
    for number, each in enumerate([record()] if records is None else records):
        (source / f"{number}.json").write_text(each if isinstance(each, str) else json.dumps(each), encoding="utf-8")
    import_source(source, tmp_path / "index", now=NOW)
    return tmp_path / "index"


def test_with_nothing_spoiled_it_is_kept(tmp_path: Path) -> None:
    assert isinstance(judged(tmp_path, world(tmp_path)), Kept)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _holes(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : 4096 + 3000] = b"\xff" * 3000
    path.write_bytes(bytes(data))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


INDEX_FAULTS: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "emptied": lambda path: path.write_bytes(b""),
    "truncated": _cut,
    "a page overwritten": _holes,
    "HTML": lambda path: path.write_bytes(b"<!doctype html>"),
    "a folder": _folder,
    "UTF-16": lambda path: path.write_bytes("SQLite format 3".encode("utf-16")),
}


@pytest.mark.parametrize("fault", INDEX_FAULTS)
def test_a_spoiled_index_keeps_nothing(tmp_path: Path, fault: str) -> None:
    index = world(tmp_path)
    INDEX_FAULTS[fault](index)

    assert isinstance(judged(tmp_path, index), Unknown)


SOURCES: dict[str, list[object]] = {
    "old": [record(modified="2025-12-01T00:00:00Z")],
    "one entry truncated": [record(), '{"id": "OSV-2", "modified": "2026-01-3'],
    "one entry HTML": [record(), "<!doctype html>"],
    "one entry empty": [record(), ""],
    "one entry without a time": [record(), {"id": "OSV-2", "affected": []}],
    "another ecosystem": [record(ecosystem="npm")],
    "no ranges": [record(), record("OSV-2", ranges=[])],
    "only commits": [record(), record("OSV-2", ranges=[{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}])],
    "a range without order": [record(), record("OSV-2", ranges=[{"type": "ECOSYSTEM", "events": [{"introduced": "***"}]}])],
    "an unknown event": [record(), record("OSV-2", ranges=[{"type": "ECOSYSTEM", "events": [{"since": "0"}]}])],
    "all withdrawn, none left": [{**record(), "withdrawn": "2026-01-31T00:00:00Z"}],
}


@pytest.mark.parametrize("fault", SOURCES)
def test_a_source_with_a_flaw_gives_no_all_clear(tmp_path: Path, fault: str) -> None:
    assert isinstance(judged(tmp_path, world(tmp_path, records=SOURCES[fault])), Unknown)


LOCKS: dict[str, dict[str, str | bytes]] = {
    "truncated": {"uv.lock": LOCK[:-40]},
    "unparsable": {"uv.lock": "]]" + LOCK},
    "UTF-16": {"uv.lock": LOCK.encode("utf-16")},
    "binary": {"uv.lock": b"\0" + LOCK.encode()},
    "emptied": {"uv.lock": ""},
    "over the size limit": {"uv.lock": LOCK + "#" * (9 << 20)},
    "a version without order": {"uv.lock": LOCK.replace("3.0.3", "***")},
    "a package from a repository": {"uv.lock": LOCK.replace('registry = "https://registry.test/simple"', 'git = "https://x.test/flask"')},
    "a second manifest without a lock": {"tool/requirements.txt": "click\n"},
    "another manifest unparsable": {"tool/pyproject.toml": "[project\n"},
    "another lock truncated": {"web/package.json": '{"name": "w"}', "web/package-lock.json": '{"lockfileVersion": 3, "pack'},
    "another lock with a key twice": {"web/package.json": '{"name": "w"}', "web/package-lock.json": '{"lockfileVersion": 3, "packages": {}, "packages": {}}'},
    "a lock of a binary format": {"web/package.json": '{"name": "w", "dependencies": {"a": "1.0.0"}}', "web/bun.lockb": b"\0\1"},
}


@pytest.mark.parametrize("fault", LOCKS)
def test_a_lock_file_that_does_not_tell_all_keeps_nothing(tmp_path: Path, fault: str) -> None:
    verdict = judged(tmp_path, world(tmp_path, LOCKS[fault]))

    assert isinstance(verdict, (Unknown, Partly)), verdict


def test_old_advisories_still_break_it(tmp_path: Path) -> None:
    index = world(tmp_path, {"uv.lock": LOCK.replace("3.0.3", "2.2.4")}, [record(modified="2020-01-01T00:00:00Z")])

    assert isinstance(judged(tmp_path, index), Broken)


def test_nobody_asked_is_unknown(tmp_path: Path) -> None:
    world(tmp_path)
    assert isinstance(judged(tmp_path, None), Unknown)
