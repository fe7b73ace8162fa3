"""Judges whether only trusted models are loaded: a loader that can run code and takes any path of its caller trusts everybody, and a model of the tree that runs programs deserves no trust."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import for_users
from troth.judgement.torch_default import torch_default
from troth.judgement.wording import several
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.model_contents import ModelContents
from troth.terms.facts.model_examples import ModelExamples, UnsafeExample
from troth.terms.facts.python_calls import PythonCall, PythonCalls
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Partly, Unknown, Verdict

_PICKLES = ("torch.load", "torch.serialization.load", "joblib.load", "pickle.load", "cloudpickle.load", "dill.load")
_MODELS = re.compile(r"model|checkpoint|ckpt|weight|state|path|adapter", re.IGNORECASE)
_ABOUT = re.compile(r"\b(?:load\w*|trust\w*|untrusted|sources?|models?|checkpoints?|weights|files?)\b", re.IGNORECASE)
_REMOTE = re.compile(r"trust_remote_code|remote code", re.IGNORECASE)
_ALLOWS = re.compile(r"\b(?:allow\w*|enabled?|optional\w*|only for|opt[- ]in)\b", re.IGNORECASE)
_PINS = re.compile(r"\bpin\w*\b", re.IGNORECASE)
_FROM_OUTSIDE = re.compile(r"\b(?:args|options|opts|config|cfg|sys\.argv|request|params)\b")


def verify(  # noqa: PLR0917
    statement: Statement, calls: PythonCalls, dependencies: Dependencies, contents: ModelContents, examples: ModelExamples, tree: Tree
) -> Verdict:
    """Never Kept: where a file comes from is known when it is loaded. Broken where a pickle loader takes whatever path it is given, or a model of the tree runs programs."""
    if not _ABOUT.search(statement.text):
        return Unknown("the sentence that the line introduces", "The line speaks of no loading and of no source.")
    hostile = [item for item in contents.offered if item.runs]
    if hostile:
        because = f"{len(hostile)} of {len(contents.offered)} model files of the tree run a program when a loader trusts them."
        evidence = tuple(item.evidence() for item in hostile[:6])
        return Broken(How.CONTRADICTED, evidence, because, "Take the file out, find out who put it there, and see what `troth models explain` shows.")
    shown = _examples(statement, examples)
    if shown:
        because = "The project's own example does what the sentence warns of."
        return Partly(How.CONTRADICTED, tuple(item.evidence for item in shown[:6]), because, "Show the example as users should write it.")
    advice = for_users(statement, "choose where their models come from")
    if advice is not None:
        return advice
    return _by_calls(calls, dependencies, tree)


def _examples(statement: Statement, examples: ModelExamples) -> tuple[UnsafeExample, ...]:
    """Examples that do the very thing: remote code where the sentence speaks of it, no revision where it asks for a pin."""
    if _REMOTE.search(statement.text) and not _ALLOWS.search(statement.text):
        return examples.of("trust-remote-code")
    if _PINS.search(statement.text):
        return examples.of("hub-unpinned")
    return ()


def _by_calls(calls: PythonCalls, dependencies: Dependencies, tree: Tree) -> Verdict:
    hashing = calls.hashing or {}
    safe = bool(torch_default(dependencies).safe)
    open_loads = [
        call
        for call in calls.of(*_PICKLES)
        if not call.test and _takes_any(call) and call.place.path not in hashing and not (safe and _default(call))
    ]
    if not open_loads:
        return Unknown(
            "the origin of each file at run time",
            "No loader was found that both can run code and takes whatever path it is given.",
        )
    evidence = tuple(
        tree.evidence(
            call.place.path, call.place.line, "It takes a path from its caller, and can run code from the file."
        )
        for call in open_loads[:12]
    )
    because = (
        f"{several(len(open_loads), 'load takes any path and can run', 'loads take any path and can run')} code from the file; nothing checks where it comes from."
    )
    return Broken(
        How.BYPASSED,
        evidence,
        because,
        "Load safetensors or weights alone, or check a digest or signature before the load.",
    )


def _default(call: PythonCall) -> bool:
    """Torch's own default decides, which since 2.6 is weights alone."""
    return call.name.startswith("torch") and call.keyword("weights_only") is None


def _takes_any(call: PythonCall) -> bool:
    given = call.keyword("weights_only")
    if given is not None and given.constant and given.value is True:
        return False
    first = call.arguments[0] if call.arguments else call.keyword("f")
    if first is None or first.constant or (not call.name.startswith("torch") and not _MODELS.search(first.text)):
        return False
    words = set(re.findall(r"[A-Za-z_]\w*", first.text))
    return bool(_FROM_OUTSIDE.search(first.text) or words & call.parameters)
