"""Models in formats that are programs, or pickles."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.grown.rust import RustFile
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_PROGRAMS = ("CModule::load", "CModule::load_on_device", "CModule::load_data", "CModule::load_data_on_device", "TrainableCModule::load")
_PICKLES = ("pickle::read_all", "pickle::read_all_with_key", "VarBuilder::from_pth", "PthTensors::new", "VarBuilder::from_pth_with_state", "pickle::PthTensors::new", "serde_pickle::from_reader", "serde_pickle::from_slice")


def _check(file: RustFile, _: Context) -> Iterator[Hit]:
    for call in file.paths(*_PROGRAMS):
        yield Hit(call.line, "A TorchScript file is a program, which libtorch runs.")
    for call in file.paths(*_PICKLES):
        yield Hit(call.line, "The weights come as a pickle: this reader runs nothing of it, every Python that is given the same file does.")


RULE = Rule(
    id="rust-pickle-model",
    title="A model is loaded in a format that is a program, or a pickle",
    why="Whoever makes the file decides what runs where it is loaded.",
    mend="Use safetensors.",
    severity=Severity.LOW,
    cwe=("CWE-502", "CWE-829"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003", "AML.T0011"),
    needs=((b"CModule", b"pickle", b"from_pth", b"PthTensors"),),
    check=_check,
    language="rust",
    bad=("fn f(p: &str) { tch::CModule::load(p).unwrap(); }\n",),
    good=("fn f(p: &str) { candle_core::safetensors::load(p, &d).unwrap(); }\n",),
)
