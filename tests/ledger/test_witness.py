"""Timestamps over checkpoints, by an authority that openssl plays, verified offline."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("rfc3161_client", reason="rfc3161-client is not installed")
if shutil.which("openssl") is None:
    pytest.skip("no openssl on PATH", allow_module_level=True)

from tests.ledger.test_ledger_command import fill
from troth.cli import run
from troth.errors import LedgerError
from troth.ledger.witness import timestamp_request, verify_timestamp

NOTE = b"troth/test/acme/web\n8\nAAAA\n\n\xe2\x80\x94 x y\n"
CONFIG = """
[tsa]
default_tsa = tsa1
[tsa1]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
crypto_device = builtin
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "serial").write_text("01")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "leaf.ext").write_text(
        "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    for name in ("root", "other"):
        openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "30", "-subj", f"/CN={name}",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=tsa")
    openssl(folder, "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "20", "-extfile", "leaf.ext", "-out", "tsa.pem")
    return folder


def answered(folder: Path, note: bytes) -> bytes:
    (folder / "request.tsq").write_bytes(timestamp_request(note))
    openssl(folder, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request.tsq", "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "answer.tsr")
    return (folder / "answer.tsr").read_bytes()


def test_a_timestamp_says_when_a_checkpoint_existed(authority: Path) -> None:
    when = verify_timestamp(answered(authority, NOTE), NOTE, [(authority / "root.pem").read_bytes()])

    assert abs(when.astimezone(UTC) - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_timestamp_of_another_checkpoint_or_by_another_authority_says_nothing(authority: Path) -> None:
    answer, root = answered(authority, NOTE), (authority / "root.pem").read_bytes()
    attempts = [
        (answer, NOTE.replace(b"\n8\n", b"\n9\n"), root),
        (answer, NOTE, (authority / "other.pem").read_bytes()),
        (answer[:-1], NOTE, root),
        (answer[:-40] + bytes(40), NOTE, root),
        (b"", NOTE, root),
        (b"nonsense", NOTE, root),
        (answer, NOTE, b"no certificate"),
    ]
    for response, note, trusted in attempts:
        with pytest.raises(LedgerError):
            verify_timestamp(response, note, [trusted])


def test_the_commands_ask_for_a_timestamp_and_verify_it(authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    fill(tmp_path, 5)
    log = ["--store", f"sqlite:///{tmp_path / 'troth.db'}", "--tenant", "acme/web"]
    kept, asked, told = tmp_path / "kept", authority / "asked.tsq", authority / "told.tsr"
    assert run(["ledger", "checkpoint", *log, "--timestamp-request", str(asked)]) == 2
    assert run(["ledger", "checkpoint", *log, "--keep", str(kept), "--timestamp-request", str(asked)]) == 0
    openssl(authority, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "asked.tsq", "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "told.tsr")
    capsys.readouterr()

    assert run(["ledger", "timestamp", str(told), str(kept), "--root", str(authority / "root.pem")]) == 0
    assert "existed at 20" in capsys.readouterr().out
    assert run(["ledger", "timestamp", str(told), str(kept), "--root", str(authority / "other.pem")]) == 2
    kept.write_bytes(kept.read_bytes().replace(b"\n5\n", b"\n6\n"))
    assert run(["ledger", "timestamp", str(told), str(kept), "--root", str(authority / "root.pem")]) == 2
