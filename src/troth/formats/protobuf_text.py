"""Protocol buffers as text: graphs of TensorFlow (`saved_model.pbtxt`, `graph.pbtxt`), nets of Caffe, settings of Triton. Held to what runs code."""

from __future__ import annotations

import re

from troth.formats.tf_operators import operators
from troth.formats.verdict import INERT, NOT_A_MODEL, Judgement, Refusal

__all__ = ["judge_text"]

_GRAPH = re.compile(r"(?m)^\s*(?:saved_model_schema_version\s*:|meta_graphs\s*[:{<]|graph_def\s*[:{<]|node\s*[:{<])")
_NET = re.compile(r"(?m)^\s*(?:layers?|input_param|force_backward)\s*[:{<]")
_QUOTED = r"(?:\"[^\"\n]*\"|'[^'\n]*')"
_OPERATOR = re.compile(rf"\bop\s*:\s*({_QUOTED})(\s*[\"'])?")
_OWN = re.compile(rf"\bsignature\s*:?\s*[{{<]\s*name\s*:\s*({_QUOTED})")
_RUNS = re.compile(r"(?i)\bpython_param\b|\btype\s*:\s*[\"']Python[\"']|\bbackend\s*:\s*[\"'](?:python|[^\"']*[/\\])|\bplatform\s*:\s*[\"']custom|\bEXECUTION_ENV_PATH\b")
_SAVERS = ("SaveV2", "RestoreV2", "MergeV2Checkpoints")


def judge_text(text: str) -> Judgement:
    """Judge one file.

    Raises:
        Refusal: an operator that is on no list, a layer or a backend of Python.
    """
    runs = _RUNS.search(text)
    if runs is not None:
        raise Refusal("custom-code", f"{runs[0][:80]!r} makes the runtime run code beside the model", runs.start())
    if _GRAPH.search(text) and re.search(r"\bop\s*:", text):
        return _graph(text)
    return Judgement("caffe-net", INERT) if _NET.search(text) else Judgement("text", NOT_A_MODEL)


def _graph(text: str) -> Judgement:
    own = {name[1:-1] for name in _OWN.findall(text)}
    counted = 0
    for found in _OPERATOR.finditer(text):
        name = found[1][1:-1]
        counted += 1
        if "\\" in name or found[2] or name in _SAVERS or (name not in operators() and name not in own) or (name in own and name in operators()):
            raise Refusal("operator-not-allowed", f"the operator {name[:80]} may do more than compute, or is written in an odd way", found.start(), name[:200])
    if counted != len(re.findall(r"\bop\s*:", text)):
        raise Refusal("operator-not-allowed", "an operator that is written in an odd way", 0)
    return Judgement("tf-graph-text", INERT, (), 0, counted)
