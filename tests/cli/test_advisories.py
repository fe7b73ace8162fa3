"""`troth advisories` from the command line: exit codes, and that silence is only an all-clear where it can be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.repositories import MadeCommit, MadeRepository
from troth.cli import run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "osv.json"
    events = [{"introduced": "0"}, {"fixed": "2.0"}]
    record = {
        "id": "OSV-1",
        "modified": datetime.now(UTC).isoformat(),
        "affected": [{"package": {"ecosystem": "PyPI", "name": "flask"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
    }
    path.write_text(json.dumps(record))
    return path


def tree(root: Path, version: str) -> str:
    MadeRepository(root).commit(MadeCommit(files={"requirements.txt": f"flask=={version} --hash=sha256:{'0' * 64}\n"}))
    return str(root)


@pytest.mark.parametrize(("version", "code", "says"), [("1.0", 1, "OSV-1: flask 1.0 is"), ("2.0", 0, "0 hits"), ("***", 2, "no dependency was compared")])
def test_a_tree_is_asked_about_and_the_exit_code_tells(tmp_path, source, capsys, version, code, says):
    index = str(tmp_path / "index")
    assert run(["advisories", "import", str(source), "--index", index]) == 0
    assert run(["advisories", "match", tree(tmp_path / "tree", version), "--index", index]) == code
    assert says in capsys.readouterr().out


def test_an_old_source_gives_no_all_clear(tmp_path, source, capsys):
    index = str(tmp_path / "index")
    run(["advisories", "import", str(source), "--index", index, "--date", "2020-01-01"])
    assert run(["advisories", "match", tree(tmp_path / "tree", "2.0"), "--index", index, "--format", "json"]) == 2
    answer = json.loads(capsys.readouterr().out.split("\n", 1)[1])
    assert answer["hits"] == []
    assert answer["not_known"] == ["the sources for pypi are older than 14 days"]


def test_info_shows_dates_and_coverage_and_no_index_is_an_error(tmp_path, source, capsys):
    index = str(tmp_path / "index")
    run(["advisories", "import", str(source), "--index", index, "--name", "mine"])
    assert run(["advisories", "info", "--index", index]) == 0
    assert "covers pypi 1" in capsys.readouterr().out
    assert run(["advisories", "info", "--index", str(tmp_path / "none")]) == 2
