"""Judges whether models are loaded as data alone: by every `torch.load` of the code and of the project's own examples, the torch that the project asks for, and what the model files hold."""

from __future__ import annotations

import re
from dataclasses import replace

from troth.judgement.policy_scope import for_users
from troth.judgement.torch_default import torch_default
from troth.terms.facts.dependencies import Dependencies
from troth.terms.facts.model_contents import REFUSED, UNREADABLE, ModelContent, ModelContents
from troth.terms.facts.model_examples import ModelExamples, UnsafeExample
from troth.terms.facts.python_calls import PythonCall, PythonCalls
from troth.terms.facts.tree import Tree
from troth.terms.promise import Modality, Polarity, Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_WARNS = re.compile(
    r"\b(?:warning|can|could|may|might)\b.{0,80}\b(?:execute|arbitrary code|malicious|unsafe|dangerous)\b",
    re.IGNORECASE,
)
_MEND = "Pass weights_only=True, or load safetensors."
_OF_TORCH = ("torch-load", "torch-force-pickle", "torch-safe-globals")
_UNPICKLING = (*_OF_TORCH, "pickle-load", "keras-unsafe-load", "numpy-allow-pickle", "torch-code-load", "faiss-deserialization")
_GENERAL = re.compile(r"\b(?:pickles?|pickled|unpickl\w*|joblib|dill|cloudpickle|deseriali[sz]\w*|serializ\w*|safetensors?|arbitrary code|safe(?:ly)? load\w*|safe (?:formats?|model))\b", re.IGNORECASE)
"""Sentences about unpickling as such, not about one call of torch."""
_FORM = re.compile(
    r"\b(?:safetensors?|safe tensors|gguf|onnx)\b|\b(?:no|not|never|without|instead of|rather than|avoid\w*|over)\b.{0,40}\bpickle|\bsafe (?:model )?(?:formats?|serializ\w*)"
    r"|\b(?:models?|weights|checkpoints?)\b.{0,40}\b(?:contain|hold|hold only|carry)\b.{0,40}\b(?:no|only|never|tensors|weights|data|code)\b",
    re.IGNORECASE,
)
"""What says which form the files have."""
_CALL = re.compile(r"weights_only|torch\.load|\.(?:pth?|ckpt)\b", re.IGNORECASE)
"""Who names the call, or the files of torch, has pickles and loads them as data."""
_STORED = re.compile(r"\b(?:are|is|stored?|saved?|ship\w*|distribut\w*|publish\w*|provid\w*|releas\w*|contain|hold|save|store|export\w*|format)\b", re.IGNORECASE)
_NAMED_FORMS = {"safetensor": "safetensors", "safe tensors": "safetensors", "gguf": "gguf", "onnx": "onnx"}
_LOADS = ("torch.load", "torch.serialization.load")
_DATA = ("safetensors.torch.load_file", "safetensors.safe_open")


def verify(  # noqa: PLR0917
    statement: Statement, calls: PythonCalls, dependencies: Dependencies, contents: ModelContents, examples: ModelExamples, tree: Tree
) -> Verdict:
    """Kept only if every call asks for weights alone, no example of the project does otherwise, and the model files are what the sentence says of them."""
    loads = [call for call in calls.of(*_LOADS) if not call.test]
    safe_default = bool(torch_default(dependencies).safe)
    unsafe = [call for call in loads if _unsafe(call, safe_default=safe_default)]
    if _warns(statement):
        if unsafe:
            return Kept(
                _evidence(unsafe, tree, "This call can run code from a file.")[:6], "The warning is true of this code."
            )
        return Unknown("a call that loads a model", "The warning is general; no call of this code shows it.")
    shown = _examples(statement, examples)
    advice = for_users(statement, "load models as data alone")
    if advice is not None:
        return _advice(advice, statement, unsafe, shown, tree)
    by_code = _by_code(statement, calls, loads, unsafe, safe_default=safe_default, tree=tree)
    return _with_files(_with_examples(by_code, shown), statement, contents)


def _by_code(
    statement: Statement, calls: PythonCalls, loads: list[PythonCall], unsafe: list[PythonCall], *, safe_default: bool, tree: Tree
) -> Verdict:
    """What the calls of the code say by themselves."""
    if not loads:
        return _without_loads(statement, calls, tree)
    unsure = [call for call in loads if call not in unsafe and not _certain(call, safe_default=safe_default)]
    if unsafe:
        evidence = _evidence(unsafe, tree, "It does not ask for weights alone.")[:12]
        if len(unsafe) == len(loads):
            return Broken(How.ABSENT, evidence, f"None of {len(loads)} calls asks for weights alone.", _MEND)
        return Partly(How.INCOMPLETE, evidence, f"{len(unsafe)} of {len(loads)} calls do not ask for weights alone.", _MEND)
    if unsure or calls.unread:
        says = str(unsure[0].place) if unsure else calls.unread[0][0]
        return Unknown(
            "the value at run time, or a file that can be parsed", f"What {says} does cannot be told from its text."
        )
    return Kept(
        _evidence(loads, tree, "It asks for weights alone.")[:8], f"All {len(loads)} calls ask for weights alone."
    )


def _examples(statement: Statement, examples: ModelExamples) -> tuple[UnsafeExample, ...]:
    """Examples that load as the sentence says nobody should: torch's always, other pickles where the sentence is about unpickling as such."""
    return examples.of(*(_UNPICKLING if _GENERAL.search(statement.text) else _OF_TORCH))


def _with_examples(found: Verdict, shown: tuple[UnsafeExample, ...]) -> Verdict:
    """What the project's own texts tell users to do counts: a model card is the code that most of them run."""
    if not shown:
        return found
    evidence = tuple(item.evidence for item in shown[:6])
    match found:
        case Kept():
            because = f"The code asks for weights alone; {len(shown)} of the project's own examples do not."
            return Partly(How.CONTRADICTED, (*evidence, *found.evidence[:2]), because, _MEND)
        case Partly() | Broken():
            return replace(found, evidence=(*found.evidence, *evidence))
        case Unknown():
            because = f"{len(shown)} of the project's own examples load without asking for weights alone, and no code does otherwise."
            return Broken(How.CONTRADICTED, evidence, because, _MEND)
        case _:
            return found


def _with_files(found: Verdict, statement: Statement, contents: ModelContents) -> Verdict:
    """Where the sentence says what form the models have, each model file of the tree must have it, by its content."""
    if not _FORM.search(statement.text) or _CALL.search(statement.text) or not contents.offered:
        return found
    wanted = frozenset(name for word, name in _NAMED_FORMS.items() if word in statement.text.lower())
    odd = [item for item in contents.offered if _odd(item, wanted)]
    unseen = [item for item in contents.offered if item.verdict == UNREADABLE and item not in odd]
    evidence = tuple(_as_evidence(item, wanted) for item in odd[:6])
    mend = "Convert the file (safetensors holds data alone), or take it out."
    because = f"{len(odd)} of {len(contents.offered)} model files of the tree are not of that form."
    if odd and isinstance(found, (Partly, Broken)):
        return replace(found, evidence=(*found.evidence, *evidence))
    if len(odd) == len(contents.offered):
        return Broken(How.CONTRADICTED, evidence, because, mend)
    if odd:
        return Partly(How.INCOMPLETE, evidence, because, mend)
    if unseen and not isinstance(found, (Partly, Broken)):
        says = f"{len(unseen)} of {len(contents.offered)} model files could not be judged here."
        return Unknown("the content of every model file", says, tuple(item.evidence() for item in unseen[:6]))
    if isinstance(found, Unknown) and _STORED.search(statement.text) and not unseen:
        proved = tuple(item.evidence(f"{item.format}, proved: loading it runs nothing.") for item in contents.offered[:6])
        return Kept(proved, f"All {len(contents.offered)} model files of the tree were proved to be data alone.")
    return found


def _odd(item: ModelContent, wanted: frozenset[str]) -> bool:
    """Whether a file is not what the sentence says: refused, a pickle, or by its content another format than all that are named."""
    if item.verdict == REFUSED:
        return True
    return item.verdict != UNREADABLE and (item.pickled or (bool(wanted) and item.format not in wanted and item.format in _NAMED_FORMS.values()))


def _as_evidence(item: ModelContent, wanted: frozenset[str]) -> Evidence:
    if item.verdict == REFUSED:
        return item.evidence()
    return item.evidence(f"{item.path} is {item.format} by its content" + (f", not {' or '.join(sorted(wanted))}." if wanted else ", which loaders unpickle."))


def _advice(
    advice: Unknown, statement: Statement, unsafe: list[PythonCall], shown: tuple[UnsafeExample, ...], tree: Tree
) -> Verdict:
    """Advice that names the very call which the project's own code, or its own example, makes otherwise is at least half empty."""
    named = bool(re.search(r"weights_only|torch\.load", statement.quote))
    of_code = _evidence(unsafe, tree, "The project's own code does not do it.")[:12] if named else ()
    evidence = (*of_code, *(item.evidence for item in shown[:6]))
    if not evidence:
        return advice
    who = "the project's own code does not follow it" if of_code else "the project's own example does not follow it"
    return Partly(How.CONTRADICTED, evidence, f"It is advice to users, and {who}.", "Pass weights_only=True.")


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
