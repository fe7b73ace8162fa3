"""Judges whether only trusted models are loaded: a loader that can run code and takes any path of its caller trusts everybody."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import for_users
from troth.judgement.torch_default import torch_default
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.python_calls import PythonCall, PythonCalls
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, How, Unknown, Verdict

_PICKLES = ("torch.load", "torch.serialization.load", "joblib.load", "pickle.load", "cloudpickle.load", "dill.load")
_MODELS = re.compile(r"model|checkpoint|ckpt|weight|state|path|adapter", re.IGNORECASE)
_ABOUT = re.compile(r"\b(?:load\w*|trust\w*|untrusted|sources?|models?|checkpoints?|weights|files?)\b", re.IGNORECASE)
_FROM_OUTSIDE = re.compile(r"\b(?:args|options|opts|config|cfg|sys\.argv|request|params)\b")


def verify(statement: Statement, calls: PythonCalls, dependencies: Dependencies, tree: Tree) -> Verdict:
    """Never Kept: where a file comes from is known when it is loaded. Broken where a pickle loader takes whatever path it is given."""
    advice = for_users(statement, "choose where their models come from")
    if advice is not None:
        return advice
    if not _ABOUT.search(statement.text):
        return Unknown("the sentence that the line introduces", "The line speaks of no loading and of no source.")
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
        f"{len(open_loads)} loads take any path and can run code from the file; nothing checks where it comes from."
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
