"""What lies on the disk: nothing that anybody wrote, in any file; erased is erased; backups, moves; and the ledger that still verifies."""

from __future__ import annotations

import json
import secrets
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.conftest import Clock, Room, csrf
from troth.app.desk import gates, keeping, reports, triage
from troth.app.desk.canned import add_reply
from troth.app.desk.mail_intake import read_maildir, take_mail
from troth.app.desk.mailing import deliver
from troth.app.desk.opening import TENANT, make_desk, open_desk
from troth.app.desk.settings import DeskSettings
from troth.desk.crypt.envelope import CryptError, new_key, place, seal, unseal
from troth.desk.crypt.streams import CHUNK, Sealer, open_chunks
from troth.desk.crypt.wraps import new_identity, unwrap_member
from troth.desk.intake.fields import FIELDS
from troth.errors import DeskError
from troth.ledger.entry import commitment
from troth.ledger.tree import Frontier, leaf_hash


def canary() -> str:
    return f"canary{secrets.token_hex(8)}"


def everything_below(folder: Path) -> bytes:
    """All bytes of all files; read by another process, for closing a database's file would drop SQLite's locks in this one."""
    program = "import pathlib, sys; sys.stdout.buffer.write(bytes(1).join(p.read_bytes() for p in sorted(pathlib.Path(sys.argv[1]).rglob('*')) if p.is_file()))"
    return subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, check=True).stdout


def found_in(folder: Path, words: list[str]) -> list[str]:
    """Canaries in any file below a folder, as UTF-8, UTF-16, base64 or hexadecimal."""
    import base64

    content = everything_below(folder)
    forms = {word: (word.encode(), word.encode("utf-16-le"), base64.b64encode(word.encode())[:-4], word.encode().hex().encode()) for word in words}
    return [word for word, many in forms.items() if any(form in content for form in many)]


def test_the_search_for_canaries_finds_one_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"..canary01..")

    assert found_in(tmp_path, ["canary01"]) == ["canary01"]


def test_nothing_that_anybody_wrote_can_be_found_on_the_disk(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    words: dict[str, str] = {name: canary() for name, field in FIELDS.items() if field.kind in ("line", "text") and name != "zone"}
    mail = f"{canary()}@{canary()}.example"
    extra = {name: canary() for name in ("file", "file name", "reply", "note", "answer", "tag", "member", "canned", "reason", "mail", "mail file", "published?")}
    client = room.client()
    path = room.report(client, **words, contact=mail, files=[("files", (f"{extra['file name']}.txt", extra["file"].encode() * 9000))])
    client.post(f"{path}/reply", data={"text": extra["reply"]}, files=[("files", (f"{extra['file name']}.log", extra["file"].encode()))])
    owner, team = room.member(extra["member"])
    for where, data in (("note", {"text": extra["note"]}), ("reply", {"text": extra["answer"]}), ("tag", {"name": extra["tag"]})):
        assert team.post(f"/board/T-1/{where}", data={"csrf": csrf(team), **data}).status_code == 303
    triage.act(room.desk, owner, 1, "report.invalidated", {"reason": extra["reason"], "rule": extra["reason"]}, message=extra["answer"])
    add_reply(room.desk, extra["canned"], extra["canned"])
    gates.ban(room.desk, mail, "x", owner.actor)
    take_mail(room.desk, f"From: {extra['mail']}@example.org\nSubject: {extra['mail']}\nMessage-ID: <{extra['mail']}@x>\n\n{extra['mail']}".encode())
    client.post("/report", data={"title": extra["mail file"]})
    client.get(f"/r/{extra['mail file']}")
    room.desk.writer.write(lambda t: None)
    seen = [*words.values(), mail, mail.partition("@")[0], *extra.values(), path.rpartition("/")[2]]

    assert triage.open_case(room.desk, owner, 1).report.get("description") == words["description"]
    assert found_in(room.folder, seen) == []
    assert found_in(temporary, seen) == []
    assert not any(word in caplog.text for word in seen)


def test_an_erased_case_is_gone_and_the_ledger_still_verifies(room: Room) -> None:
    word = canary()
    client = room.client()
    path = room.report(client, title=word, files=[("files", ("a", word.encode()))])
    owner, team = room.member()
    sealed = [bytes(row[0]) for row in sqlite3.connect(room.folder / "data" / "desk.db").execute("select sealed from desk_items union select sealed from desk_chunks")]
    with room.desk.store.read(TENANT) as t:
        before = room.desk.events.chronicle.log.head(t)
    answer = team.post("/board/T-1/erase", data={"csrf": csrf(team), "sure": "T-1"})
    content = everything_below(room.folder / "data")
    with room.desk.store.read(TENANT) as t:
        log = room.desk.events.chronicle.log
        after = log.head(t)
        paths = [log.inclusion(t, index, after.size) for index in range(after.size)]
        leaves = list(log.leaves(t))

    assert answer.status_code == 303
    assert client.get(path).status_code == 404
    assert not any(one in content for one in sealed)
    assert (after.size, len(leaves), len(paths)) == (before.size, before.size, before.size)
    with pytest.raises(CryptError):
        triage.open_case(room.desk, owner, 1)
    assert "(erased)" in team.get("/board?which=erased").text
    _demand_verified(room, leaves)


def _demand_verified(room: Room, leaves: list) -> None:
    """The leaves on the disk hash to the root that the head stands for, and each body that is there to its commitment."""
    with room.desk.store.read(TENANT) as t:
        head = room.desk.events.chronicle.log.head(t)
    frontier = Frontier.parse(0, b"")
    for leaf, salt, body in leaves:
        frontier.add(leaf_hash(leaf))
        assert json.loads(leaf)["body"] == commitment(salt, body)

    assert frontier.root() == Frontier.parse(head.size, head.frontier).root()


def test_a_backup_holds_no_keys_and_restores_everything(room: Room, tmp_path: Path) -> None:
    path = room.report()
    owner, _team = room.member()
    copy = tmp_path / "backup.db"
    assert keeping.backup(room.desk, copy) > 0
    with pytest.raises(DeskError, match="exists"):
        keeping.backup(room.desk, copy)
    room.desk.close()
    for one in (room.folder / "data").iterdir():
        one.unlink()
    keeping.restore(room.folder, copy)
    again = open_desk(room.folder, room.clock)
    try:
        assert reports.visit(again, path.rpartition("/")[2]).title == "Path traversal in the archive reader"
        assert triage.open_case(again, owner, 1).row.number == 1
        with pytest.raises(DeskError, match="exists"):
            keeping.restore(room.folder, copy)
    finally:
        again.close()


def test_a_move_to_another_store_keeps_ids_receipts_and_the_head_of_the_ledger(room: Room, tmp_path: Path) -> None:
    token = room.report().rpartition("/")[2]
    receipt = reports.receipt_of(room.desk, token)
    with room.desk.store.read(TENANT) as t:
        head = room.desk.events.chronicle.log.head(t)
    keeping.migrate_to(room.desk, f"sqlite:///{tmp_path}/other/moved.db")
    with pytest.raises(DeskError, match="already"):
        keeping.migrate_to(room.desk, f"sqlite:///{tmp_path}/other/moved.db")
    path = room.folder / "desk.toml"
    path.write_text(path.read_text().replace('store = ""', f'store = "sqlite:///{tmp_path}/other/moved.db"'))
    moved = open_desk(room.folder, room.clock)
    try:
        with moved.store.read(TENANT) as t:
            assert moved.events.chronicle.log.head(t) == head
        assert reports.receipt_of(moved, token) == receipt
    finally:
        moved.close()


def test_a_sealed_desk_cannot_open_what_it_stores_and_its_members_can(policy_file: Path, tmp_path: Path) -> None:
    identity, recipient = new_identity()
    make_desk(tmp_path / "desk", DeskSettings(project="Sealed", sealed=(recipient,)), policy_file, "Ada")
    desk = open_desk(tmp_path / "desk", Clock())
    room = Room(desk, Clock(), tmp_path / "desk")
    try:
        path = room.report()
        member, _client = room.member()
        with pytest.raises(CryptError):
            triage.open_case(desk, member, 1)
        with desk.store.read(TENANT) as t:
            row = desk.cases.by_number(t, 1)
            key = unwrap_member(identity, desk.cases.wrap(t, row.uid, "member:sealed-0"), desk.cases.tenant, row.uid)
            assert desk.cases.title(row, key) == "Path traversal in the archive reader"
        assert reports.visit(desk, path.rpartition("/")[2]).title == "Path traversal in the archive reader"
    finally:
        desk.close()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_file_comes_back_whole_or_not_at_all(size: int) -> None:
    key, content = new_key(), secrets.token_bytes(size)
    sealer = Sealer(key, "f")
    chunks = [chunk for at in range(0, size, 1000) for chunk in sealer.feed(content[at : at + 1000])] + [sealer.finish()]

    assert b"".join(open_chunks(key, "f", chunks)) == content
    for wrong in (chunks[:-1], [*chunks, chunks[-1]], chunks[::-1] if len(chunks) > 1 else [b""], [bytes([chunks[0][0] ^ 1]) + chunks[0][1:], *chunks[1:]]):
        with pytest.raises(CryptError):
            list(open_chunks(key, "f", wrong))
    with pytest.raises(CryptError):
        list(open_chunks(key, "g", chunks))


def test_an_envelope_opens_only_where_it_was_made() -> None:
    key = new_key()
    made = seal(key, b"text", place("a", "bc"))

    assert unseal(key, made, place("a", "bc")) == b"text"
    for where in (place("ab", "c"), place("a", "b", "c"), place("abc")):
        with pytest.raises(CryptError):
            unseal(key, made, where)


def test_keys_that_others_can_read_are_refused(room: Room) -> None:
    (room.folder / "keys" / "desk.key").chmod(0o644)

    with pytest.raises(CryptError, match="read by others"):
        open_desk(room.folder)


def test_a_row_whose_audience_was_changed_on_the_disk_does_not_open(room: Room) -> None:
    token = room.report().rpartition("/")[2]
    member, _team = room.member()
    triage.note(room.desk, member, 1, "for the team")
    file = sqlite3.connect(room.folder / "data" / "desk.db")
    file.execute("update desk_items set audience = 'reporter' where audience = 'team'")
    file.commit()
    file.close()

    with pytest.raises(CryptError):
        reports.visit(room.desk, token)


def test_a_maildir_becomes_cases_and_an_answer_finds_its_case(room: Room, tmp_path: Path) -> None:
    new = tmp_path / "mail" / "new"
    new.mkdir(parents=True)
    (new / "1").write_bytes(b"From: Rosa <rosa@example.org>\nSubject: broken\nMessage-ID: <1@x>\n\nIt breaks.")
    (new / "2").write_bytes(b"From: Rosa <rosa@example.org>\nSubject: Re: [T-1] broken\nMessage-ID: <2@x>\n\nAnd how.")  # anybody could have written this
    (new / "3").write_bytes(b"From: Eve <eve@example.org>\nSubject: Re: [T-1] broken\nMessage-ID: <3@x>\n\nLet me in.")
    (new / "4").write_bytes(b"From: \nSubject: nobody\n\n.")

    assert read_maildir(room.desk, tmp_path / "mail") == (3, 1)
    member, _team = room.member()
    items = triage.open_case(room.desk, member, 1).items
    assert [item.text.endswith("And how.") for item in items if item.kind == "note"] == [False, True]
    assert not [item for item in items if item.kind == "message"]
    assert triage.open_case(room.desk, member, 2).report.get("description") == "Let me in."
    assert [path.name for path in (tmp_path / "mail" / "cur").iterdir()] == ["4:2,F"]


def test_a_mail_is_sent_once_and_one_of_doubt_is_left_to_people(room: Room) -> None:
    room.report()
    sent: list[str] = []
    deliver(room.desk, lambda _desk, waiting: sent.append(waiting.mail.key))
    deliver(room.desk, lambda _desk, waiting: sent.append(waiting.mail.key))
    room.report()

    def broken(_desk: object, _waiting: object) -> None:
        raise OSError("connection lost after DATA")

    deliver(room.desk, broken)
    deliver(room.desk, lambda _desk, waiting: sent.append(waiting.mail.key))
    with room.desk.store.read(TENANT) as t:
        counts = room.desk.outbox.counts(t)

    assert len(sent) == len(set(sent)) == 2
    assert counts == {"sent": 2, "unsure": 2}

