"""What to do about an ordinary name that is on no allow-list: one half sentence, added to the refusal. It decides nothing."""

from __future__ import annotations

from typing import Final

__all__ = ["advice"]

_NESTED: Final = "a nested tensor keeps its bounds as data that nothing checks: save the list of its tensors (unbind)"
_QUANTIZED: Final = "a quantized module packs its weights by native code while it loads: save its state_dict, or the float model"
_BY_VALUE: Final = "code by value: put the function into a module, and save tensors or settings in its place"
_ADVICE: Final = (
    ("torch.ScriptObject", _QUANTIZED), ("torch.ao.nn.", _QUANTIZED), ("torch._utils._rebuild_nested", _NESTED), ("torch.nested.", _NESTED),
    ("stable_baselines3.", "an archive of Stable-Baselines3 holds classes and functions by value: load the policy.pth inside of it, which is weights alone, into a policy that the program makes"),
    ("cloudpickle.", _BY_VALUE), ("dill.", _BY_VALUE), ("_dill.", _BY_VALUE), ("torch.fx.", "a traced graph is a program: save its state_dict, or export it (torch.export)"),
    ("torch.package.", "a package holds a program: save a state_dict"), ("__main__.", "a class of the script that wrote the file: save its state_dict, or move the class into a module and allow the class itself (extra_allow)"),
    ("transformers.modeling_outputs.", "an output of a model: save it as a dict of tensors"), ("transformers_modules.", "a class of code that came with a model: save its state_dict"),
)  # fmt: skip


def advice(full: str) -> str:
    """What its owner can do instead, for names that ordinary files ask for; empty for the rest.

    Args:
        full: `module.name`.
    """
    return next((says for start, says in _ADVICE if full.startswith(start)), "")
