import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.advisories.made import NOW, advisory, index_of
from troth.engines.advisories import holdings
from troth.engines.advisories.importing import _record, import_source, read_records
from troth.engines.advisories.index import open_index
from troth.engines.advisories.records import Record
from troth.errors import FormatError, LookError, UsageError

CONFORMANCE = os.environ.get("TROTH_CONFORMANCE")
RUST = '```toml\n[advisory]\nid = "RUSTSEC-2026-0001"\npackage = "some-crate"\ndate = "2026-01-20"\n{}\n[versions]\npatched = {}\nunaffected = {}\n```\n\n# It breaks\n'
PYPA = "id: PYSEC-2026-1\nmodified: 2026-01-30T00:00:00.5Z\naffected:\n- package: {ecosystem: PyPI, name: Flask_Thing}\n  ranges:\n  - type: ECOSYSTEM\n    events:\n    - introduced: '0'\n    - fixed: 1.2\n"


def rust(more="", patched='[">= 1.0.9"]', unaffected="[]"):
    return RUST.format(more, patched, unaffected)


def spans(text):
    return [tuple(span) for span in _record("a.md", text.encode()).affected[0].spans]


def test_rustsec_is_affected_but_for_what_is_patched_or_never_was():
    assert spans(rust()) == [(None, False, "1.0.9", False)]
    assert spans(rust(patched='[">= 0.3.4, < 0.4.0", ">= 0.4.2"]', unaffected='["< 0.2.0"]')) == [("0.2.0", True, "0.3.4", False), ("0.4.0", True, "0.4.2", False)]
    assert spans(rust(patched="[]")) == [(None, False, None, False)]
    assert spans(rust(patched='["^0.5.3", ">= 0.6"]')) == [(None, False, "0.5.3", False), ("0.6-0", True, "0.6", False)], "pre-releases of 0.6 are in neither"


def test_rustsec_marks_what_is_no_vulnerability_and_what_was_taken_back():
    assert _record("a.md", rust('informational = "unmaintained"').encode()).kind == "unmaintained"
    assert _record("a.md", rust('withdrawn = "2026-01-21"').encode()).withdrawn


def test_pypa_names_are_normalised():
    record = _record("a.yaml", PYPA.encode())

    assert (record.affected[0].name, record.affected[0].spans) == ("flask-thing", ((None, True, "1.2", False),))


@pytest.mark.parametrize("form", ["folder", "zip", "tar", "file"])
def test_every_form_of_holding_gives_the_same(tmp_path, form):
    text = json.dumps(advisory(events=[{"introduced": "0"}]))
    path = tmp_path / f"osv.{form}"
    if form == "folder":
        (path / "deep").mkdir(parents=True)
        (path / "deep" / "a.json").write_text(text)
        (path / "README.md").write_text("no advisory")
        (path / "deep" / "link.json").symlink_to(path / "deep" / "a.json")
    elif form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.json", text)
    elif form == "tar":
        with tarfile.open(path, "w:gz") as archive:
            entry = tarfile.TarInfo("a.json")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    else:
        path = tmp_path / "a.json"
        path.write_text(text)

    source = import_source(path, tmp_path / "index", now=NOW)

    assert (source.advisories, source.unread, source.coverage) == (1, 0, (("pypi", 1),))
    assert source.taken.isoformat() == "2026-01-30T00:00:00+00:00"


def test_a_second_import_of_a_name_replaces_the_first(tmp_path):
    path = tmp_path / "a.json"
    for number in (1, 2):
        path.write_text(json.dumps(advisory(f"OSV-{number}", events=[{"introduced": "0"}])))
        import_source(path, tmp_path / "index", now=NOW)
    with open_index(tmp_path / "index") as index:
        rows = index.about("pypi", "flask")
        assert [index.heading(row.advisory).name for row in rows] == ["OSV-2"]
        assert len(index.sources) == 1


def test_an_import_that_breaks_off_leaves_the_index_as_it_was(tmp_path):
    with index_of(tmp_path, advisory(events=[{"introduced": "0"}])):
        pass
    bad = tmp_path / "source.zip"
    bad.write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(LookError):
        import_source(bad, tmp_path / "index.sqlite", now=NOW, name="source")
    with open_index(tmp_path / "index.sqlite") as index:
        assert index.about("pypi", "flask")


def test_a_folder_without_advisories_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(LookError, match="no advisory"):
        import_source(tmp_path / "empty", tmp_path / "index", now=NOW)


def test_a_date_in_the_future_is_refused(tmp_path):
    with pytest.raises(UsageError, match="future"):
        index_of(tmp_path, advisory(events=[]), as_of=NOW.replace(year=2027))


def test_entries_that_cannot_be_read_are_counted_with_their_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(holdings, "LARGEST", 2_000)
    folder = tmp_path / "source"
    folder.mkdir()
    for name, data in {
        "a.json": json.dumps(advisory(events=[{"introduced": "0"}])).encode(),
        "b.json": b"{",
        "c.yaml": b"a: [",
        "d.md": b"# no block",
        "e.json": b"\xff\xfe",
        "f.json": b"[" * 1_900,
        "g.json": b" " * 3_000,
        "h.json": b"{}",
        "i.yaml": b"id: X\nmodified: soon\n",
        "j.json": json.dumps(advisory(events=[{"begun": "0"}])).encode(),
    }.items():
        (folder / name).write_bytes(data)
    told = {}
    source = import_source(folder, tmp_path / "index", now=NOW, trouble=told.__setitem__)

    assert (source.advisories, source.unread) == (1, 9)
    assert sorted(told) == [f"{letter}.{kind}" for letter, kind in zip("bcdefghij", ["json", "yaml", "md", "json", "json", "json", "json", "yaml", "json"], strict=True)]


@pytest.mark.parametrize("data", [b"", b"no database", b"SQLite format 3\0" + b"\0" * 200])
def test_a_file_that_is_no_index_is_refused_with_a_reason(tmp_path, data):
    path = tmp_path / "index"
    path.write_bytes(data)
    with pytest.raises(LookError):
        open_index(path)


def test_an_index_is_not_written_over_another_database(tmp_path):
    import sqlite3

    path = tmp_path / "mine.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (a)")
    with pytest.raises(UsageError, match="is no index"):
        index_of_at(path, tmp_path)


def index_of_at(path, folder):
    (folder / "a.json").write_text(json.dumps(advisory(events=[{"introduced": "0"}])))
    return import_source(folder / "a.json", path, now=NOW)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.sampled_from(("2026-01-01", "0", "1.0", "PyPI", "SEMVER"))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(("id", "modified", "affected", "package", "ecosystem", "name", "ranges", "type", "events", "introduced", "fixed", "versions", "withdrawn", "aliases", "severity")), inner, max_size=5),
    ),
    max_leaves=20,
)


@given(VALUES, st.sampled_from(("a.json", "a.yaml")))
@settings(max_examples=200, deadline=None)
def test_no_json_of_any_shape_makes_the_reader_fail_in_another_way_than_its_own(data, name):
    try:
        record = _record(name, json.dumps(data).encode())
    except FormatError as error:
        assert error.reason
    else:
        assert isinstance(record, Record)


@given(st.binary(max_size=200), st.sampled_from(("a.json", "a.yaml", "a.md")))
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_the_reader_fail_in_another_way_than_its_own(data, name):
    try:
        _record(name, data)
    except FormatError as error:
        assert error.reason


@pytest.mark.skipif(CONFORMANCE is None, reason="TROTH_CONFORMANCE is not set")
@pytest.mark.parametrize(("archive", "least"), [("pypa-2024-10-10.tar.gz", 2_661), ("rustsec-2026-08-21.tar.gz", 1_205)])
def test_a_whole_database_is_read_without_a_hole(archive, least):
    records = list(read_records(Path(CONFORMANCE) / "advisories" / archive))

    assert len(records) == least
    assert None not in records
    assert not [record.id for record in records if record is not None and not record.withdrawn and not record.affected]
