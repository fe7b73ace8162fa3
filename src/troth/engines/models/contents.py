"""Judges the content of the model files of the tree by the proof engine: what is inert, what is not, and what could not be read here.

Rules: a file counts by its name, or, where its suffix says nothing, by the first bytes that only models have. Nothing is loaded or fetched. An LFS pointer is followed to its object in the clone (digest and size must
agree), and no further. A check reads within limits; a file beyond one is `UNREADABLE` and names the limit, so that it can never help to keep a promise.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from typing import Final

from troth.engines.git.repository import Repository
from troth.engines.models.look import is_model
from troth.engines.models.objects import object_path, pointer_of
from troth.engines.models.scan import Scanned, scan_file
from troth.formats.judge import judge
from troth.formats.source import Source
from troth.formats.verdict import UNREADABLE, Budget, Judgement, Reason
from troth.terms.facts.model_contents import ModelContent, ModelContents
from troth.terms.facts.tree import File, Tree

__all__ = ["BUDGET", "FILES_LIMIT", "SECONDS_LIMIT", "look", "names_runner"]

FILES_LIMIT: Final = 1_000
SECONDS_LIMIT: Final = 30.0
"""For all files together, asked before each file; one file is bounded by `BUDGET`."""
HASH_LIMIT_BYTES: Final = 4 * 1024 * 1024 * 1024
"""Of all LFS objects together, whose digest must be compared with their pointer."""
BUDGET: Final = Budget(pickle=8 << 20, literal=8 << 20, expanded=64 << 20, text=16 << 20, members=100_000)
_BLOB_LIMIT_BYTES: Final = 64 * 1024 * 1024
_NAMED: Final = (
    ".pt", ".pth", ".ckpt", ".safetensors", ".onnx", ".gguf", ".ggml", ".tflite", ".keras", ".mlmodel", ".pdparams", ".joblib", ".pkl", ".pickle", ".dill", ".skops",
    ".npz", ".npy", ".cbm", ".ubj", ".nemo", ".mar", ".pt2", ".ptl", ".jit", ".t7", ".sav", ".pmml",
)  # fmt: skip
_WEIGHTS: Final = re.compile(r"(?:\A|/)(?:pytorch_model|diffusion_pytorch_model|adapter_model|training_args|optimizer|scheduler|model)[\w.-]*\.bin\Z")
_MAGIC: Final = re.compile(rb"\x80[\x02-\x05][c(}\]\x8a\x8c\x95]|GGUF|\x93NUMPY|\x89HDF\r\n|.{4}TFL3|.{8}\{\"", re.DOTALL)
_SNIFFED: Final = (".bin", ".dat", ".data", ".model", ".weights", ".h5", ".hdf5", ".pb", ".msgpack", ".p", ".pk", ".th", "")
_TEST: Final = re.compile(r"(?:^|/)(?:tests?|testing|__tests__|fixtures?|testdata|test_data|spec)/|(?:^|/)test_[^/]*\Z", re.IGNORECASE)
_PICKLED: Final = frozenset(("pickle", "joblib", "torch-zip", "torch-legacy", "torchscript"))
_RUNNERS: Final = re.compile(
    r"(?:os|posix|nt)\.(?:system|popen|exec\w*|spawn\w*|startfile|fork)\Z|(?:subprocess|runpy|pty|commands|_posixsubprocess|pip|code|timeit|bdb|pdb)\."
    r"|(?:builtins|__builtin__)\.(?:exec|eval|compile|__import__|breakpoint|execfile)\Z|importlib\.(?:import_module|__import__)\Z|ctypes\.|socket\.|urllib\.request\.|shutil\.rmtree\Z"
)
"""Names by which a pickle runs programs or text. It only tells "runs" from "not proved": what it lacks is not proved either."""


def look(repository: Repository, tree: Tree) -> ModelContents:
    """Judge every tracked model file of the tree."""
    found: list[ModelContent] = []
    limits: dict[str, None] = {}
    state = _State(repository, time.monotonic() + SECONDS_LIMIT)
    for path, file in tree.files.items():
        if file.mode not in ("100644", "100755") or not (file.tracked or repository.git is None) or not _counts(path, file, tree):
            continue
        if len(found) >= FILES_LIMIT or time.monotonic() > state.until:
            limit = f"{FILES_LIMIT} model files" if len(found) >= FILES_LIMIT else f"{SECONDS_LIMIT:.0f} s for the model files of a tree"
            limits[limit] = None
            found.append(ModelContent(path, "unknown", UNREADABLE, f"A check judges at most {limit}.", test=bool(_TEST.search(path))))
            continue
        found.append(_judged(state, path, file, tree, limits))
    return ModelContents(tuple(found), tuple(limits))


class _State:
    """What one look shares: the repository, the moment by which it ends, and the bytes that may still be hashed."""

    def __init__(self, repository: Repository, until: float) -> None:
        self.repository = repository
        self.until = until
        self.hash_left = HASH_LIMIT_BYTES


def _counts(path: str, file: File, tree: Tree) -> bool:
    lower = path.lower()
    if lower.endswith(_NAMED) or is_model(path) or _WEIGHTS.search(lower):
        return file.size > 0
    if os.path.splitext(lower)[1] not in _SNIFFED or file.size < 16:
        return False
    head = (tree.reader(path) or b"")[:16]
    return bool(_MAGIC.match(head))


def _judged(state: _State, path: str, file: File, tree: Tree, limits: dict[str, None]) -> ModelContent:
    pointer = pointer_of(tree.reader(path) or b"") if file.size < 1_024 else None
    stored = "tree"
    if pointer is not None:
        oid, size = pointer
        place = object_path(state.repository, oid)
        if place is None:
            return ModelContent(path, "lfs-pointer", UNREADABLE, "Only the LFS pointer is here, not the file; `git lfs pull` fetches it.", stored="pointer", test=bool(_TEST.search(path)))
        judged = _object(state, place, oid, size, path)
        stored = "lfs"
    elif state.repository.bare:
        judged = _committed(state, path, file)
    else:
        judged = scan_file(os.path.join(state.repository.root, path), os.fspath(state.repository.root), BUDGET).judgement
    found = _content(path, judged, stored)
    if any(reason.code.startswith("budget-") for reason in judged.reasons) and not found.runs:
        # the narrow limits of a check are no fault of the file
        limits[judged.reasons[0].says] = None
        return replace(found, verdict=UNREADABLE)
    return found


def _object(state: _State, place: str, oid: str, size: int, path: str) -> Judgement:
    """The verdict on an LFS object, if it is the one that the pointer names."""
    state.hash_left -= size
    if state.hash_left < 0:
        says = f"A check compares at most {HASH_LIMIT_BYTES >> 30} GiB of LFS objects with their pointers."
        return Judgement("unknown", UNREADABLE, (Reason("budget-hash", says),))
    scanned: Scanned = scan_file(place, budget=BUDGET, digest=True, name=path)
    if scanned.sha256 and (scanned.sha256 != oid or scanned.size != size):
        return Judgement("unknown", UNREADABLE, (Reason("lfs-object", "the object in the clone is not the one that the pointer names"),))
    return scanned.judgement


def _committed(state: _State, path: str, file: File) -> Judgement:
    if file.size > _BLOB_LIMIT_BYTES:
        return Judgement("unknown", UNREADABLE, (Reason("budget-blob", f"In a bare repository a check reads files of at most {_BLOB_LIMIT_BYTES >> 20} MiB."),))
    data = state.repository.need_git().try_run("cat-file", "blob", f"{state.repository.commit}:{path}")
    if data is None:
        return Judgement("unknown", UNREADABLE, (Reason("open", "the object is not in this clone"),))
    return judge(Source(data), path, budget=BUDGET)


def _content(path: str, judged: Judgement, stored: str) -> ModelContent:
    reason = judged.reasons[0] if judged.reasons else Reason("", "")
    return ModelContent(
        path, judged.format, judged.verdict, reason.says, reason.offset, reason.member, runs=any(names_runner(item) for item in judged.reasons),
        pickled=judged.format in _PICKLED or bool(judged.globals) or reason.code.startswith("global-"), stored=stored, test=bool(_TEST.search(path)),
    )  # fmt: skip


def names_runner(reason: Reason) -> bool:
    """Whether a refusal shows that loading runs a program or a text, not only that it was not excluded."""
    return (reason.code in ("global-not-allowed", "dotted-name") and bool(_RUNNERS.match(reason.name))) or reason.code == "native-code"
