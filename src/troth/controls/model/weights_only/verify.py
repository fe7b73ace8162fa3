"""Judges whether models are loaded as data alone: by every `torch.load` of the code and the torch that the project asks for."""

from __future__ import annotations

import re

from troth.judgement.policy_scope import for_users
from troth.judgement.torch_default import torch_default
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.python_calls import PythonCall, PythonCalls
from troth.terms.facts.tree import Tree
from troth.terms.promise import Modality, Polarity, Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_WARNS = re.compile(
    r"\b(?:warning|can|could|may|might)\b.{0,80}\b(?:execute|arbitrary code|malicious|unsafe|dangerous)\b",
    re.IGNORECASE,
)
_LOADS = ("torch.load", "torch.serialization.load")
_DATA = ("safetensors.torch.load_file", "safetensors.safe_open")


def verify(statement: Statement, calls: PythonCalls, dependencies: Dependencies, tree: Tree) -> Verdict:
    """Kept only if every call asks for weights alone, by keyword or by a torch that does so by default."""
    loads = [call for call in calls.of(*_LOADS) if not call.test]
    safe_default = bool(torch_default(dependencies).safe)
    unsafe = [call for call in loads if _unsafe(call, safe_default=safe_default)]
    if _warns(statement):
        if unsafe:
            return Kept(
                _evidence(unsafe, tree, "This call can run code from a file.")[:6], "The warning is true of this code."
            )
        return Unknown("a call that loads a model", "The warning is general; no call of this code shows it.")
    advice = for_users(statement, "load models as data alone")
    if advice is not None:
        return _advice(advice, statement, unsafe, tree)
    if not loads:
        return _without_loads(statement, calls, tree)
    unsure = [call for call in loads if call not in unsafe and not _certain(call, safe_default=safe_default)]
    mend = "Pass weights_only=True, or load safetensors."
    if unsafe and len(unsafe) == len(loads):
        return Broken(
            How.ABSENT,
            _evidence(unsafe, tree, "It does not ask for weights alone.")[:12],
            f"None of {len(loads)} calls asks for weights alone.",
            mend,
        )
    if unsafe:
        return Partly(
            How.INCOMPLETE,
            _evidence(unsafe, tree, "It does not ask for weights alone.")[:12],
            f"{len(unsafe)} of {len(loads)} calls do not ask for weights alone.",
            mend,
        )
    if unsure or calls.unread:
        says = str(unsure[0].place) if unsure else calls.unread[0][0]
        return Unknown(
            "the value at run time, or a file that can be parsed", f"What {says} does cannot be told from its text."
        )
    return Kept(
        _evidence(loads, tree, "It asks for weights alone.")[:8], f"All {len(loads)} calls ask for weights alone."
    )


def _advice(advice: Unknown, statement: Statement, unsafe: list[PythonCall], tree: Tree) -> Verdict:
    """Advice that names the very call which the project's own code makes otherwise is at least half empty."""
    if not unsafe or not re.search(r"weights_only|torch\.load", statement.quote):
        return advice
    evidence = _evidence(unsafe, tree, "The project's own code does not do it.")[:12]
    return Partly(
        How.CONTRADICTED,
        evidence,
        "It is advice to users, and the project's own code does not follow it.",
        "Pass weights_only=True.",
    )


def _warns(statement: Statement) -> bool:
    bound = statement.modality in (Modality.LIMIT,) or statement.polarity is Polarity.ADMITTED
    return bool(_WARNS.search(statement.text)) and (bound or "weights_only" not in statement.quote)


def _without_loads(statement: Statement, calls: PythonCalls, tree: Tree) -> Verdict:
    data = [call for call in calls.of(*_DATA) if not call.test]
    if data and "safetensors" in statement.text.lower():
        return Kept(
            _evidence(data, tree, "It loads safetensors.")[:8],
            "Models are loaded from safetensors, which hold data alone.",
        )
    return Unknown(
        "a call that loads a model", "No Python file of the tree calls torch.load outside tests and examples."
    )


def _unsafe(call: PythonCall, *, safe_default: bool) -> bool:
    given = call.keyword("weights_only")
    if given is not None:
        return given.constant and given.value is not True
    return not call.star and not safe_default


def _certain(call: PythonCall, *, safe_default: bool) -> bool:
    given = call.keyword("weights_only")
    return (given is not None and given.constant) or (given is None and safe_default and not call.star)


def _evidence(calls: list[PythonCall], tree: Tree, says: str) -> tuple[Evidence, ...]:
    return tuple(tree.evidence(call.place.path, call.place.line, says) for call in calls)
