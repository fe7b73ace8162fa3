"""Private keys of which a text holds only a part: without an end, a line in each record, cut by a flush."""

from __future__ import annotations

import random
import string
import subprocess
import sys

import pytest

from troth.detectors.redaction import Redactor, Registry, StreamRedactor
from troth.detectors.redaction.armour import Following

chance = random.Random(29)
LINES = ["".join(chance.choices(string.ascii_letters + string.digits + "+/", k=64)) for _ in range(20)]
HEAD, TAIL = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
REDACTOR = Redactor()


def kept(text: str) -> list[str]:
    return [line for line in LINES if line in text]


@pytest.mark.parametrize("joint", ["\n", "\r\n", "\\n", "\n    ", "\n> "])
def test_a_block_without_an_end_goes(joint):
    safe = REDACTOR.text(f"before {joint.join([HEAD, *LINES])}\n")

    assert not kept(safe)
    assert safe.startswith("before ")


def test_a_block_that_is_cut_in_a_line_goes_with_that_line():
    assert LINES[1][:9] not in REDACTOR.text("\n".join([HEAD, "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,AB", "", LINES[0], LINES[1][:9]]))


@pytest.mark.parametrize("text", [f"Paste the {HEAD} line here, please.", f"{HEAD}\n...\n{TAIL}", "-----BEGIN PUBLIC KEY-----\n" + LINES[0]])
def test_what_only_speaks_of_keys_stays(text):
    assert REDACTOR.text(text) == text


def test_a_line_in_each_write_waits_for_the_end_of_the_block():
    stream = StreamRedactor(REDACTOR)

    out = b"".join(stream.write(part) for line in ["first", HEAD, *LINES, TAIL, "last"] for part in (line.encode(), b"\n")) + stream.flush()

    assert not kept(out.decode())
    assert out.startswith(b"first\n")
    assert out.endswith(b"last\n")


def test_a_line_in_each_record_goes_and_the_log_goes_on():
    following = Following()
    texts = [f"INFO app: {line}" for line in ["start", HEAD, *LINES, TAIL, "done", LINES[0]]]

    safe = [following.safe(text, REDACTOR.text(text)) for text in texts]

    assert not kept("\n".join(safe[:-1]))
    assert safe[0] == texts[0]
    assert safe[-2:] == texts[-2:]


def test_records_of_others_in_between_do_not_end_the_waiting():
    following = Following()
    texts = [f"INFO app: {line}" for one in [HEAD, *LINES, TAIL] for line in (one, "GET /index.html 200")]

    safe = [following.safe(text, REDACTOR.text(text)) for text in texts]

    assert not kept("\n".join(safe))
    assert safe.count("INFO app: GET /index.html 200") == len(LINES) + 2


def test_a_known_value_that_a_flush_cuts_does_not_get_out():
    registry = Registry()
    registry.add("Zq7-vault-Passw0rd-9")
    stream = StreamRedactor(Redactor(registry=registry))

    out = b""
    for letter in b"it is Zq7-vault-Passw0rd-9, and so on":
        out += stream.write(bytes([letter])) + stream.release()
    out += stream.flush()

    assert b"vault" not in out
    assert out.startswith(b"it is [redacted")
    assert out.endswith(b", and so on")


def test_a_prompt_is_let_out_by_a_flush():
    stream = StreamRedactor(REDACTOR)

    assert stream.write(b"Continue? [y/N]") + stream.release() == b"Continue? [y/N]"


PROGRAM = """
import logging, sys
from troth.guard import logs
from troth.guard.redact import remember
logging.basicConfig(stream=sys.stderr)
logs.install()
remember("Zq7-vault-Passw0rd-9")
for part in ("it is Zq7-", "vault-Pass", "w0rd-9 and", " so on, Zq7-v"):
    print(part, end="", flush=True)
"""


def test_a_program_that_flushes_each_piece_prints_all_of_it_and_no_secret():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert "vault-Pass" not in done.stdout
    assert done.stdout.startswith("it is [redacted")
    assert done.stdout.endswith(" and so on, Zq7-v")


def test_records_through_a_handler():
    program = f"import io, logging\nfrom troth.guard import logs\nstream = io.StringIO()\nlogging.basicConfig(stream=stream)\nlogs.install(streams=False)\nfor line in {[HEAD, *LINES, TAIL]!r}: logging.error(line)\nprint(stream.getvalue())"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.count("ERROR:root:") == len(LINES) + 2
    assert not kept(done.stdout)
