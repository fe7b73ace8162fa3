"""What the model files of a tree hold, against promises about them: each case with its harmless twin, and every Kept spoiled."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.controls.cases import Case
from tests.controls.test_cases import promise_of
from tests.repositories import MadeCommit, MadeRepository
from troth.app.check import judge, open_session
from troth.terms.verdict import Verdict, name_of

SAFE = "Models are distributed as safetensors, never as pickle"
LFS = "Models are stored via Git LFS"
TRUST = "Never load untrusted model files"
DIGEST = "We verify model checksums before loading"
ONNX = "Models are published in the ONNX format only, a safe format without pickle"
POLICY = "# Security Policy\n\n## Measures\n\n" + "".join(f"- {text}\n" for text in (SAFE, LFS, TRUST, DIGEST, ONNX))


def safetensors(values: int = 4) -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [values], "data_offsets": [0, 4 * values]}}).encode()
    return struct.pack("<Q", len(header)) + header + b"\0" * 4 * values


def checkpoint(data: bytes = b"\x80\x02}q\0.") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("m/data.pkl", data)
        archive.writestr("m/version", b"3\n")
    return written.getvalue()


def pointer(data: bytes) -> bytes:
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n" % (hashlib.sha256(data).hexdigest().encode(), len(data))


def verdict_of(root: Path, control: str, promise: str, params: dict[str, object] | None = None) -> Verdict:
    now = datetime(2026, 2, 1, 12, tzinfo=UTC)
    session = open_session(root, lenient=True, now=now)
    case = Case(control, "made", expect={"promise": promise, "verdict": "kept", **({"params": params} if params else {})})
    found = judge(session, (promise_of(case, session),), None)[0].verdict
    assert not [run for run in session.looks.runs if "did not foresee" in run.because or "verifier failed" in run.because]
    return found


def made(root: Path, *commits: dict[str, str | bytes | None]) -> Path:
    repository = MadeRepository(root)
    for files in commits:
        repository.commit(MadeCommit({"SECURITY.md": POLICY, **files}))
    return root


def test_models_that_are_what_the_sentence_says_are_kept_and_every_spoiling_falls(tmp_path: Path) -> None:
    files = {"models/a.safetensors": safetensors(), "models/b.safetensors": safetensors(8)}

    assert "kept" == name_of(verdict_of(made(tmp_path / "fine", files), "model/weights-only", SAFE))
    for number, (path, data, wanted) in enumerate((
        ("models/c.pt", checkpoint(), "partly"),
        ("models/b.safetensors", b"\x80\x04\x8c\x05posix\x8c\x06system\x93.", "partly"),
        ("models/b.safetensors", safetensors()[:-1], "partly"),
        ("models/blob.dat", pickle.dumps({"a": [1, 2, 3], "b": "weights"}), "partly"),
        ("models/b.safetensors", pointer(safetensors(8)), "unknown"),
    )):
        found = verdict_of(made(tmp_path / str(number), {**files, path: data}), "model/weights-only", SAFE)
        assert wanted == name_of(found), (path, found)
        assert [path] == [item.place.path for item in found.evidence]


def test_models_among_tests_are_nobody_s_models(tmp_path: Path) -> None:
    files = {"models/a.safetensors": safetensors(), "tests/data/evil.pt": checkpoint(b"\x80\x02cposix\nsystem\n.")}

    assert "kept" == name_of(verdict_of(made(tmp_path / "r", files), "model/weights-only", SAFE))


def test_the_object_of_a_pointer_is_judged_where_the_clone_has_it(tmp_path: Path) -> None:
    for name, stored, wanted in (("fine", safetensors(), "kept"), ("bad", b"\x80\x04\x8c\x05posix\x8c\x06system\x93.", "broken"), ("other", None, "unknown")):
        data = stored if stored is not None else safetensors()
        root = made(tmp_path / name, {"models/a.safetensors": pointer(data)})
        oid = hashlib.sha256(data).hexdigest()
        place = root / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
        place.parent.mkdir(parents=True)
        place.write_bytes(data if stored is not None else b"not the object")

        assert wanted == name_of(verdict_of(root, "model/weights-only", SAFE)), name


def test_a_limit_that_is_reached_leaves_the_promise_open_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = made(tmp_path / "r", {"models/a.safetensors": safetensors(), "models/b.safetensors": safetensors()})
    monkeypatch.setattr("troth.engines.models.contents.FILES_LIMIT", 1)

    found = verdict_of(root, "model/weights-only", SAFE)

    assert "unknown" == name_of(found)
    assert "1 model files" in found.evidence[0].says


def test_a_pickle_over_the_limits_of_a_check_is_open_and_not_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from troth.engines.models.contents import BUDGET

    root = made(tmp_path / "r", {"models/a.onnx": pickle.dumps(list(range(5000)))})
    monkeypatch.setattr("troth.engines.models.contents.BUDGET", BUDGET._replace(pickle=1000))

    assert "unknown" == name_of(verdict_of(root, "model/weights-only", ONNX))


@pytest.mark.parametrize(("name", "wanted"), [("posix\nsystem", "broken"), ("acme.nets\nNet", "unknown"), ("collections\nOrderedDict", "unknown")])
def test_trust_is_broken_only_by_a_model_that_runs_programs(name: str, wanted: str, tmp_path: Path) -> None:
    root = made(tmp_path / "r", {"models/a.pkl": b"c" + name.encode() + b"\n."})

    assert wanted == name_of(verdict_of(root, "model/trusted-source", TRUST))


RULES = "*.pt filter=lfs diff=lfs merge=lfs -text\n"


def test_lfs_is_judged_by_what_is_committed_and_by_the_history(tmp_path: Path) -> None:
    big, rules = b"w" * 20_000, {".gitattributes": RULES}
    params = {"patterns": ["*.pt"]}
    pointed = {**rules, "a.pt": pointer(big)}

    kept = made(tmp_path / "kept", pointed)
    assert "kept" == name_of(verdict_of(kept, "model/lfs-stored", LFS, params))
    (kept / "a.pt").write_bytes(big)
    assert "kept" == name_of(verdict_of(kept, "model/lfs-stored", LFS, params)), "the fetched file lies in the pointer's place"
    (kept / "a.pt").write_bytes(big + b"!")
    assert "broken" == name_of(verdict_of(kept, "model/lfs-stored", LFS, params)), "another file lies there"

    late = verdict_of(made(tmp_path / "late", {**rules, "a.pt": big}, pointed), "model/lfs-stored", LFS, params)
    assert "partly" == name_of(late)
    assert any("20,000 bytes" in item.says and item.place.commit for item in late.evidence)
    assert "kept" == name_of(verdict_of(made(tmp_path / "small", {**rules, "a.pt": b"tiny"}, pointed), "model/lfs-stored", LFS, params))
    gone = made(tmp_path / "gone", {**rules, "old.pt": big}, {**pointed, "old.pt": None})
    assert "partly" == name_of(verdict_of(gone, "model/lfs-stored", LFS, params))


def test_a_model_on_another_branch_counts_as_history(tmp_path: Path) -> None:
    big = b"w" * 20_000
    root = made(tmp_path / "r", {".gitattributes": RULES, "a.pt": pointer(big)})
    repository = MadeRepository(root)
    params = {"patterns": ["*.pt"]}
    assert "kept" == name_of(verdict_of(root, "model/lfs-stored", LFS, params))

    main = repository.git("rev-parse", "HEAD").strip()
    repository.commit(MadeCommit({"b.pt": big}))
    repository.git("update-ref", "refs/heads/other", "HEAD")
    repository.git("reset", "--quiet", "--hard", main)
    found = verdict_of(root, "model/lfs-stored", LFS, params)

    assert "partly" == name_of(found)
    assert any("b.pt" in item.says and item.place.commit for item in found.evidence)


def test_a_history_that_is_cut_off_leaves_lfs_open(tmp_path: Path) -> None:
    source = made(tmp_path / "source", {".gitattributes": RULES}, {"a.pt": pointer(b"w" * 20_000)})
    repository = MadeRepository(tmp_path / "clone")
    repository.git("fetch", "--quiet", "--depth=1", f"file://{source}", "main")
    repository.git("reset", "--quiet", "--hard", "FETCH_HEAD")

    found = verdict_of(tmp_path / "clone", "model/lfs-stored", LFS, {"patterns": ["*.pt"]})

    assert "unknown" == name_of(found)
    assert "cut off" in found.because


CHECKED = "import hashlib, torch\n\ndef load(expected):\n    if hashlib.sha256(open('a.pt', 'rb').read()).hexdigest() != expected:\n        raise ValueError('checksum mismatch')\n    return torch.load('a.pt')\n"


@pytest.mark.parametrize(
    ("path", "line", "wanted"),
    [
        ("SHA256SUMS", "{right}  a.pt\n", "unknown"),
        ("SHA256SUMS", "{wrong}  a.pt\n", "broken"),
        ("a.pt.sha256", "{wrong}\n", "broken"),
        ("a.pt.sha256", "{right}\n", "unknown"),
        ("README.md", "| a.pt | `{wrong}` |\n", "broken"),
        ("README.md", "| a.pt | `{right}` |\n| elsewhere.pt | `{wrong}` |\n", "unknown"),
        ("SHA256SUMS", "{right}  a.pt\n{wrong}  b.pt\n", "partly"),
    ],
)
def test_a_published_digest_is_compared_with_the_file(path: str, line: str, wanted: str, tmp_path: Path) -> None:
    model = checkpoint()
    text = line.format(right=hashlib.sha256(model).hexdigest(), wrong="0" * 64)
    root = made(tmp_path / "r", {"a.pt": model, "b.pt": model, path: text, "load.py": CHECKED})

    assert wanted == name_of(verdict_of(root, "model/checksum-verified", DIGEST))
