"""A sealed desk, read by who holds the key: from the data alone, without the desk's keys, on another machine; and by nobody else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyrage
import pytest
from click.testing import CliRunner

from tests.web.conftest import REPORT, Clock, Room
from troth.app.desk import keeping
from troth.app.desk.mail_intake import take_mail
from troth.app.desk.opening import make_desk, open_desk
from troth.app.desk.reading import identities_of, read_cases
from troth.app.desk.settings import DeskSettings
from troth.cli.desk import desk as command
from troth.errors import DeskError


@pytest.fixture
def kept(policy_file: Path, tmp_path: Path):
    """A backup of a sealed desk with three reports, its holder's identity, and nothing else of the desk."""
    identity = pyrage.x25519.Identity.generate()
    make_desk(tmp_path / "desk", DeskSettings(project="Sealed", sealed=(str(identity.to_public()),)), policy_file, "Ada")
    desk = open_desk(tmp_path / "desk", Clock())
    room = Room(desk, Clock(), tmp_path / "desk")
    link = room.report(files=[("files", ("../poc.bin", bytes(range(256)) * 400))])
    room.client().post(f"{link}/reply", data={"text": "Also the tar reader.", "nonce": "n" * 43})
    armor = pyrage.encrypt(json.dumps({"title": "Closed in the browser", "description": "d"}).encode(), [identity.to_public()], armored=True).decode()
    room.client().post("/report", data={"nonce": "m" * 43, "sealed": armor})
    letter = pyrage.encrypt(b"Closed in a mail.", [identity.to_public()], armored=True).decode()
    take_mail(desk, f"From: r@example.org\r\nMessage-ID: <1@x>\r\nSubject: ...\r\n\r\n{letter}".encode())
    backup = tmp_path / "backup.db"
    keeping.backup(desk, backup)
    desk.close()
    shutil.rmtree(tmp_path / "desk")
    (tmp_path / "identity.txt").write_text(f"# created: today\n{identity}\n")
    return backup, tmp_path / "identity.txt"


def test_the_holder_of_the_key_reads_everything_offline(kept, tmp_path: Path) -> None:
    backup, identity = kept
    done = CliRunner().invoke(command, ["open", str(backup), "--identity", str(identity), "--to", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "3 opened; no key for 0" in done.output

    first = json.loads((tmp_path / "out" / "T-1" / "case.json").read_text())
    assert first["title"] == REPORT["title"]
    assert first["thread"][0]["values"]["description"] == REPORT["description"]
    assert first["thread"][0]["files"] == [{"stored": "file-1", "name": "poc.bin", "size": 102_400}]
    assert (tmp_path / "out" / "T-1" / "file-1").read_bytes() == bytes(range(256)) * 400
    assert first["thread"][1]["text"] == "Also the tar reader."
    assert [event["kind"] for event in first["events"]][:2] == ["report.received", "report.receipt-sent"]
    assert json.loads((tmp_path / "out" / "T-2" / "case.json").read_text())["thread"][0]["values"]["title"] == "Closed in the browser"
    assert json.loads((tmp_path / "out" / "T-3" / "case.json").read_text())["thread"][0]["values"]["description"] == "Closed in a mail."
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "out").rglob("*")} == {0}


def test_another_key_reads_nothing(kept, tmp_path: Path) -> None:
    backup, _identity = kept
    found = read_cases(f"sqlite:///{backup}", [str(pyrage.x25519.Identity.generate())], tmp_path / "out")
    assert (found.opened, found.closed) == ((), ("T-1", "T-2", "T-3"))
    assert list((tmp_path / "out").iterdir()) == []


def test_one_case_and_nothing_written_over(kept, tmp_path: Path) -> None:
    backup, identity = kept
    assert read_cases(f"sqlite:///{backup}", identities_of(identity), tmp_path / "out", numbers=[2]).opened == ("T-2",)
    with pytest.raises(DeskError, match="new folder"):
        read_cases(f"sqlite:///{backup}", identities_of(identity), tmp_path / "out")
    with pytest.raises(DeskError, match="none that age knows"):
        read_cases(f"sqlite:///{backup}", ["AGE-SECRET-KEY-1NONE"], tmp_path / "other")
    (tmp_path / "empty.txt").write_text("no key\n")
    with pytest.raises(DeskError, match="AGE-SECRET-KEY"):
        identities_of(tmp_path / "empty.txt")
