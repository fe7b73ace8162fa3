"""The desk's root key is changed: whatever was readable is, whoever has the old key alone has nothing, and a change that is killed anywhere is gone on with."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from tests.postgres import Cluster, postgres  # noqa: F401
from tests.web.conftest import Clock, Room, copied, csrf
from tests.web.test_postgres import pointed
from troth.app.desk import keeping, rotating
from troth.app.desk.opening import TENANT, open_desk
from troth.app.desk.rotating import rotate
from troth.cli.desk import desk as command
from troth.desk.crypt.envelope import CryptError
from troth.desk.crypt.keyring import Keyring
from troth.desk.receipts import verify
from troth.desk.storage.outbox_rows import Mail
from troth.desk.tables import WRAPS
from troth.errors import DeskError
from troth.ledger.audit import audit


def filled(folder: Path) -> tuple[Room, dict[str, str]]:
    """A desk with something in every column that the root key seals; open. Paths of reports, and a session's cookie."""
    clock = Clock()
    room = Room(open_desk(folder, clock), clock, folder)
    paths = {f"T-{at}": room.report(title=f"Canary number {at}", contact=f"r{at}@example.org") for at in range(1, 13)}
    _member, team = room.member()
    token = csrf(team)
    assert team.post("/board/T-1/tag", data={"csrf": token, "name": "slop canary"}).status_code == 303
    assert team.post("/board/desk/canned", data={"csrf": token, "title": "Thanks canary", "text": "thank you"}).status_code == 303
    room.desk.writer.write(lambda t: room.desk.outbox.put(t, [Mail("waits", "", "to@example.org", "subject", "text canary")], clock()))
    return room, {**paths, "cookie": team.cookies.get("troth", "")}


def readable(folder: Path, known: dict[str, str]) -> None:
    """Everything can be read as before: links, titles, members, tags, mails, words, receipts, the ledger."""
    clock = Clock()
    clock.go(minutes=5)
    desk = open_desk(folder, clock)
    room = Room(desk, clock, folder)
    try:
        client = room.client()
        for code, path in known.items():
            if code.startswith("T-"):
                assert f"Canary number {code[2:]}" in client.get(path).text
                assert verify(client.get(f"{path}/receipt").text, desk.public_key).case == code
        team = room.client()
        team.cookies.set("troth", known["cookie"])
        board = team.get("/board?which=all").text
        assert all(f"Canary number {at}" in board for at in range(3, 13))
        assert "slop canary" in team.get("/board/T-1").text
        assert "Canary number 7" in team.get("/board?which=all&q=canary+7").text
        with desk.store.read(TENANT) as t:
            assert not audit(desk.events.chronicle.log, t).problems
            assert desk.outbox.counts(t)["waiting"] >= 1
        texts = [one.mail.text for one in desk.writer.write(lambda t: desk.outbox.claim(t, clock(), 100))]
        assert any("text canary" in text for text in texts)
        assert room.report(title="A new one").startswith("/r/")
    finally:
        desk.close()


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return copied(template, tmp_path / "desk")


def test_after_a_change_everything_reads_as_before_and_the_old_key_opens_nothing(folder: Path) -> None:
    room, known = filled(folder)
    before = Keyring.read(folder / "keys")
    room.desk.close()
    done = rotate(folder)
    assert done.foreign == 0
    assert done.changed >= 12 + 3
    after = Keyring.read(folder / "keys")
    assert after.root != before.root
    assert after.wrapping != before.wrapping
    assert (after.search, after.links, after.mails, after.senders) == (before.search, before.links, before.mails, before.senders)
    assert after.forms != before.forms
    readable(folder, known)
    # whoever stole the old root and gets the data now
    shutil.copy(done.retired, folder / "keys" / "desk.key")
    desk = open_desk(folder, Clock())
    with desk.store.read(TENANT) as t:
        for number in range(1, 14):
            row = desk.cases.by_number(t, number)
            with pytest.raises(CryptError):
                desk.cases.desk_key(t, row.uid)
    desk.close()


def test_no_old_wrap_is_left_in_the_file(folder: Path) -> None:
    room, _known = filled(folder)
    with room.desk.store.read(TENANT) as t:
        old = [bytes(row.wrap) for row in t.execute(select(WRAPS.c.wrap).where(WRAPS.c.tenant == str(TENANT), WRAPS.c.holder == "desk"))]
    room.desk.close()
    assert all(any(one in path.read_bytes() for path in (folder / "data").iterdir()) for one in old)
    rotate(folder)
    kept = b"".join(path.read_bytes() for path in sorted((folder / "data").iterdir()))
    assert not [one for one in old if one in kept]


def killed_at(folder: Path, moment: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Change the key in a child that is killed at its so-manieth step; signal that ended it, 0 where it came through."""
    monkeypatch.setattr(rotating, "_BATCH", 4)
    pid = os.fork()
    if pid:
        return os.WTERMSIG(os.waitpid(pid, 0)[1])
    steps = 0

    def counted(act):
        def inner(*args, **options):
            nonlocal steps
            steps += 1
            if steps == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            made = act(*args, **options)
            steps += 1
            if steps == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return made

        return inner

    try:
        for owner, name in ((rotating, "_resealed"), (rotating, "_batch"), (rotating.Store, "rewrite"), (Keyring, "begin_change"), (os, "link"), (Path, "replace"), (os, "fsync")):
            setattr(owner, name, counted(getattr(owner, name)))
        rotate(folder)
    finally:
        os._exit(0)


@pytest.mark.parametrize("moment", [1, 2, 3, 5, 8, 11, 14, 17, 20, 23, 27, 31, 36, 41, 46, 51, 56, 61])
def test_killed_in_the_middle_it_is_gone_on_with(folder: Path, moment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    room, known = filled(folder)
    before = Keyring.read(folder / "keys").root
    room.desk.close()
    ended = killed_at(folder, moment, monkeypatch)
    assert ended in (0, signal.SIGKILL)
    if (folder / "keys" / "desk.next").exists():
        with pytest.raises(CryptError, match="not finished"):
            open_desk(folder, Clock())
        killed_at(folder, moment + 3, monkeypatch)  # and once more, elsewhere
    if (folder / "keys" / "desk.next").exists() or Keyring.read(folder / "keys").root == before:
        assert rotate(folder).foreign == 0
    assert Keyring.read(folder / "keys").root != before
    assert not (folder / "keys" / "desk.next").exists()
    readable(folder, known)


def test_old_backups_stay_readable_with_the_old_key(folder: Path, tmp_path: Path) -> None:
    room, known = filled(folder)
    keeping.backup(room.desk, tmp_path / "old.backup")
    room.desk.close()
    done = rotate(folder)
    # in a folder of its own, with the old root: as it was
    aside = tmp_path / "aside"
    shutil.copytree(folder, aside, ignore=shutil.ignore_patterns("data"))
    shutil.copy(done.retired, aside / "keys" / "desk.key")
    keeping.restore(aside, tmp_path / "old.backup")
    readable(aside, known)
    # in the desk itself: taken in under the present one
    shutil.rmtree(folder / "data")
    keeping.restore(folder, tmp_path / "old.backup")
    present = Keyring.read(folder / "keys").root
    told = CliRunner().invoke(command, ["rotate", str(folder), "--older", str(done.retired)])
    assert told.exit_code == 0, told.output
    assert Keyring.read(folder / "keys").root == present
    readable(folder, known)


def test_a_wrong_old_key_changes_nothing_and_says_so(folder: Path, tmp_path: Path) -> None:
    room, known = filled(folder)
    keeping.backup(room.desk, tmp_path / "b")
    room.desk.close()
    rotate(folder)
    shutil.rmtree(folder / "data")
    keeping.restore(folder, tmp_path / "b")
    (tmp_path / "keys").mkdir(mode=0o700)
    Keyring.make(tmp_path / "keys")
    found = rotate(folder, tmp_path / "keys" / "desk.key")
    assert found.changed == 0
    assert found.foreign >= 15
    told = CliRunner().invoke(command, ["rotate", str(folder), "--older", str(tmp_path / "keys" / "desk.key")], standalone_mode=False)
    assert told.return_value == 1
    retired = next((folder / "keys").glob("retired-*.key"))
    assert rotate(folder, retired).foreign == 0
    readable(folder, known)


def test_an_open_desk_is_not_changed_and_a_desk_that_is_changed_is_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_desk(folder, Clock())
    second = open_desk(folder, Clock())  # several may have it open
    second.close()
    with pytest.raises(DeskError, match="stop"):
        rotate(folder)
    assert not (folder / "keys" / "desk.next").exists()
    desk.close()
    real = rotating._all_of_it

    def looked(*given):
        with pytest.raises(DeskError, match="being changed"):
            open_desk(folder, Clock())
        return real(*given)

    monkeypatch.setattr(rotating, "_all_of_it", looked)
    rotate(folder)


def test_twice_is_two_changes(folder: Path) -> None:
    room, known = filled(folder)
    room.desk.close()
    first, second = rotate(folder), rotate(folder)
    assert first.retired != second.retired
    assert first.changed == second.changed
    readable(folder, known)


def test_keys_are_for_their_owner_alone_and_nothing_of_the_change_is_left(folder: Path) -> None:
    rotate(folder)
    names = {path.name for path in (folder / "keys").iterdir()}
    assert {re.sub(r"[0-9a-f]{12}", "ID", name) for name in names} == {"desk.key", "names.key", "receipts.pem", "receipts.pub", "retired-ID.key"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder / "keys").iterdir())


def test_on_postgresql_as_well(template: Path, tmp_path: Path, postgres: Cluster) -> None:  # noqa: F811
    with postgres.database() as url:
        folder = pointed(copied(template, tmp_path / "desk"), url)
        room, known = filled(folder)
        room.desk.close()
        assert rotate(folder).foreign == 0
        readable(folder, known)
        desk = open_desk(folder, Clock())
        with desk.store.read(TENANT) as t:
            assert t.execute(select(func.count()).select_from(WRAPS).where(WRAPS.c.tenant == str(TENANT))).scalar() >= 26
        desk.close()
