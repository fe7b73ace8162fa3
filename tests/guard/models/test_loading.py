"""The guarded load: ordinary files of the corpus load, no hostile file gets as far as its loader, and the caller's limits hold."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks.models.corpus import missing, register
from troth.errors import GuardError
from troth.guard import models

MALICIOUS, BENIGN = register()
LOADABLE = [
    name for name in BENIGN
    if name.startswith(("torch/", "sklearn/", "joblib/", "pickle/", "numpy/", "safetensors/", "estimators/", "vision/", "optimizers/", "layers/", "trainers/", "tables/", "python/", "search/")) and "script_" not in name and "export_" not in name and not name.endswith((".zip", "several.pkl"))
]  # fmt: skip
EXECUTING = [name for name in MALICIOUS if name.startswith(("pickle/", "packed/", "torch/", "numpy/", "archives/", "reducers/", "streams/", "zips/", "arrays/", "tars/"))]


def written(cases, name: str, tmp_path: Path) -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    cases[name][1](path)
    return path


@pytest.mark.parametrize("name", LOADABLE)
def test_an_ordinary_file_loads_and_leaves_a_receipt(name: str, tmp_path: Path) -> None:
    needs = BENIGN[name][0]
    if missing(needs):
        pytest.skip(f"needs {', '.join(missing(needs))}")
    path = written(BENIGN, name, tmp_path)

    loaded = models.load(path, policy="libs")

    assert loaded.receipt.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.value is not None or name.startswith("python/")


@pytest.mark.parametrize("name", EXECUTING)
def test_no_hostile_file_reaches_its_loader(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(MALICIOUS, name, tmp_path)
    opened: list[str] = []
    monkeypatch.setattr("troth.guard.models.loading._LOADERS", {})
    monkeypatch.setattr("troth.guard.models.loading.table_of", lambda *_: opened.append(name))

    with pytest.raises(GuardError):
        models.load(path, policy="libs")
    assert not opened


def plain(tmp_path: Path, value: object = None) -> Path:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps({"a": 1} if value is None else value))
    return path


def test_another_digest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="expected is"):
        models.load(plain(tmp_path), expect="sha256:" + "0" * 64)


def test_a_short_digest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="hexadecimal digits"):
        models.load(plain(tmp_path), expect="sha256:abcd")


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link.pkl").symlink_to(plain(tmp_path))

    with pytest.raises(GuardError, match="plain file"):
        models.load(tmp_path / "link.pkl")


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pkl")

    with pytest.raises(GuardError, match="regular"):
        models.load(tmp_path / "pipe.pkl")


class Mine:
    """A class of the caller."""


def test_a_class_of_the_caller_loads_only_when_the_object_is_allowed(tmp_path: Path) -> None:
    path = plain(tmp_path, Mine())

    with pytest.raises(GuardError, match=r"at byte \d+.*extra_allow=\[tests\.guard\.models\.test_loading\.Mine\]"):
        models.load(path, policy="libs")
    assert isinstance(models.load(path, extra_allow=[Mine]).value, Mine)


def test_library_classes_need_the_wider_policy(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    path = written(BENIGN, "sklearn/scaler.pkl", tmp_path)

    with pytest.raises(GuardError, match="sklearn"):
        models.load(path)


@pytest.mark.parametrize(
    "limits",
    [models.Limits(max_memory=10), models.Limits(max_file=10), models.Limits(max_tensors=0), models.Limits(max_ndim=1), models.Limits(dtypes=frozenset({"int8"})), models.Limits(shapes={"w": (None, 5)}), models.Limits(shapes={"absent": (1,)})],
)
def test_a_declared_limit_that_is_exceeded_refuses_the_file(tmp_path: Path, limits: models.Limits) -> None:
    numpy = pytest.importorskip("numpy")
    path = plain(tmp_path, {"w": numpy.ones((3, 4))})

    with pytest.raises(GuardError):
        models.load(path, limits=limits)
    assert models.load(path, limits=models.Limits(shapes={"w": (None, 4)}, dtypes=frozenset({"float64"}))).receipt.memory == 96


def test_the_trust_file_pins_and_then_verifies(tmp_path: Path) -> None:
    path, trust = plain(tmp_path), models.TrustFile(tmp_path / "models.trust.json")
    with pytest.raises(GuardError, match="review"):
        models.load(path, trust=trust)
    trust.pin(path, models.load(path).receipt.sha256, by="a reviewer")

    assert models.load(path, trust=models.TrustFile(tmp_path / "models.trust.json")).receipt.expected
    path.write_bytes(pickle.dumps({"a": 2}))
    with pytest.raises(GuardError, match="expected is"):
        models.load(path, trust=trust)
    with pytest.raises(GuardError, match="another digest"):
        trust.pin(path, "0" * 64, by="someone")


def test_unguarded_loads_are_refused_in_the_context_and_guarded_ones_are_not(tmp_path: Path) -> None:
    import collections

    path = plain(tmp_path, collections.OrderedDict(a=1))
    with models.only_guarded():
        with pytest.raises(GuardError, match="unguarded"):
            pickle.loads(path.read_bytes())
        assert models.load(path).value == {"a": 1}
    assert pickle.loads(path.read_bytes()) == {"a": 1}


def test_a_shadowed_module_is_not_imported_for_a_name_off_the_list(tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text("open('marker', 'w').close()\nclass X: pass\n")
    (tmp_path / "a.pkl").write_bytes(b"\x80\x02cevil\nX\n)\x81.")
    code = "from troth.guard import models\ntry:\n    models.load('a.pkl', policy='libs')\nexcept Exception as e:\n    print(type(e).__name__)"

    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "GuardError"
    assert not (tmp_path / "marker").exists()
