"""Judges whether a model's digest is checked before it is loaded: a load in a file that computes no digest has none to check, and a published digest that is wrong lets nothing pass."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import for_users
from troth.judgement.subject import off_subject
from troth.terms.facts.model_digests import DigestState, ModelDigests, PublishedDigest
from troth.terms.facts.python_calls import PythonCall, PythonCalls
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Partly, Unknown, Verdict

_LOADS = (
    "torch.load",
    "torch.serialization.load",
    "torch.jit.load",
    "joblib.load",
    "keras.models.load_model",
    "tensorflow.keras.models.load_model",
    "safetensors.torch.load_file",
    "onnxruntime.InferenceSession",
)

_MATTER = re.compile(r"model|weight|checkpoint|safetensor|pickle|dataset|download|artifact|tokenizer|\bgguf|onnx|file", re.IGNORECASE)


def verify(statement: Statement, calls: PythonCalls, digests: ModelDigests, tree: Tree) -> Verdict:
    """Never Kept: that the digest is compared first takes a run. Broken where no file that loads a model computes any, or where the published digest is not the file's."""
    other = off_subject(statement, _MATTER, "digests of models")
    if other is not None:
        return other
    wrong = digests.of(DigestState.WRONG)
    advice = for_users(statement, "check digests")
    if wrong:
        return _wrong(wrong, digests, advised=advice is not None)
    if advice is not None:
        return advice
    loads = [call for call in calls.of(*_LOADS) if not call.test]
    if not loads:
        return Unknown(
            "a call that loads a model", "No Python file of the tree loads a model outside tests and examples."
        )
    hashing = calls.hashing or {}
    bare = [call for call in loads if call.place.path not in hashing and not _comes_from_checked(call, hashing)]
    mend = "Compare the file's digest with a known one before the load, and refuse on a difference."
    if len(bare) == len(loads) and not hashing:
        return Broken(
            How.ABSENT,
            _evidence(bare, tree),
            f"None of {len(loads)} loads checks a digest, and no file of the tree computes one.",
            mend,
        )
    if len(bare) == len(loads):
        return Broken(
            How.ABSENT,
            _evidence(bare, tree),
            f"None of {len(loads)} loads stands in a file that computes a digest.",
            mend,
        )
    if bare:
        return Partly(
            How.INCOMPLETE,
            _evidence(bare, tree),
            f"{len(bare)} of {len(loads)} loads stand in files that compute no digest.",
            mend,
        )
    right = digests.of(DigestState.RIGHT)
    return Unknown(
        "a run that loads a file with a wrong digest",
        "Digests are computed beside every load; whether they are compared before it was not followed.",
        tuple(item.evidence for item in right[:4]),
    )


def _wrong(wrong: tuple[PublishedDigest, ...], digests: ModelDigests, *, advised: bool) -> Verdict:
    """Who compares such a digest refuses the right file, or has learnt not to compare."""
    evidence = tuple(item.evidence for item in wrong[:6])
    mend = "Publish the digest of the file that is there, or restore the file."
    because = f"{len(wrong)} of {len(digests.published)} published digests are not those of the files."
    if advised or len(wrong) < len(digests.published):
        return Partly(How.CONTRADICTED, evidence, because, mend)
    return Broken(How.CONTRADICTED, evidence, because, mend)


def _comes_from_checked(call: PythonCall, hashing: object) -> bool:
    """The path comes from a call whose name speaks of checking (`load(verified_path(...))`)."""
    first = call.arguments[0].text.lower() if call.arguments else ""
    return bool(hashing) and any(word in first for word in ("verif", "checked", "checksum"))


def _evidence(calls: list[PythonCall], tree: Tree) -> tuple[Evidence, ...]:
    return tuple(tree.evidence(call.place.path, call.place.line, "It loads without a digest.") for call in calls[:12])
