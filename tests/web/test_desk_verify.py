"""What a third party does with one file and the desk's key: `troth desk verify`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.web.conftest import Room
from troth.app.desk.statements import signed_statement
from troth.cli.desk import desk as command
from troth.errors import TrothError
from troth.ledger.keys import key_id


def verified(file: Path, key: str) -> str:
    result = CliRunner().invoke(command, ["verify", str(file), "--key", key], catch_exceptions=True)
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def files(room: Room, tmp_path: Path) -> dict[str, Path]:
    """A receipt and a statement, as a reporter and a third party hold them."""
    address = room.report()
    receipt, statement = tmp_path / "receipt.json", tmp_path / "statement.json"
    receipt.write_text(room.client().get(f"{address}/receipt").text)
    room.clock.go(days=3)
    statement.write_text(signed_statement(room.desk, "lantern/fish"))
    return {"receipt": receipt, "statement": statement}


@pytest.mark.parametrize("which", ["receipt", "statement"])
def test_a_file_and_the_desks_key_are_enough(room: Room, files: dict[str, Path], which: str, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = room.desk.keys.signer.public_key()
    pem = tmp_path / "desk.pem"
    pem.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    told = {verified(files[which], key) for key in (room.desk.public_key, key_id(public), str(pem))}

    assert len(told) == 1
    (says,) = told
    assert ("T-1: received 2026-11-02" in says) if which == "receipt" else ("acknowledge within PT48H: 0 of 1 kept, 1 overdue and open" in says)


@pytest.mark.parametrize("which", ["receipt", "statement"])
@pytest.mark.parametrize("key", ["another key", "another id", "changed"])
def test_what_was_changed_or_is_anothers_does_not_verify(room: Room, files: dict[str, Path], which: str, key: str) -> None:
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    stranger = Ed25519PrivateKey.generate().public_key()
    named = {"another key": base64.b64encode(stranger.public_bytes_raw()).decode(), "another id": key_id(stranger), "changed": room.desk.public_key}[key]
    if key == "changed":
        text = files[which].read_text()
        at = re.search(r'"(?:receipt|payload)": ?"', text).end() + 40
        files[which].write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :])
    with pytest.raises(TrothError):
        verified(files[which], named)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"receipt": 1}', b"\xff\xfe", b"[" * 100_000, b'{"receipt"'])
def test_a_file_of_something_else_is_told_as_such(room: Room, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(content)
    for key in (room.desk.public_key, "0" * 64, "nothing"):
        with pytest.raises(TrothError):
            verified(file, key)


def test_the_page_shows_the_id_of_the_key(room: Room) -> None:
    assert key_id(room.desk.keys.signer.public_key()) in room.client().get("/key").text
