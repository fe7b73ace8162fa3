"""numpy.load with pickles allowed."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((rb"allow_pickle[\"']?\]?\s*[=:]\s*(?!False)", rb"None, True"))

_SAYS = "Arrays of objects are unpickled, which runs code from the file."
_POSITIONAL = ("numpy.load", "numpy.lib.npyio.load", "numpy.lib.format.read_array")
_LOADERS = (".load", ".read_array", ".NpzFile", ".load_npz")
"""What reads an array, whatever library it is of; writers take the same keyword, and harm nobody."""


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls(*_POSITIONAL):
        for line in module.flagged(site, site.argument(2, "allow_pickle"), bool):
            yield Hit(line, _SAYS)
    for site in module.ending(*_LOADERS):
        if not site.names & set(_POSITIONAL):
            for line in module.flagged(site, site.keywords.get("allow_pickle"), bool):
                yield Hit(line, _SAYS)


RULE = Rule(
    id="numpy-allow-pickle",
    title="numpy.load may unpickle",
    why="With allow_pickle an .npy or .npz file may hold objects, and those are pickles.",
    mend="Leave allow_pickle off; store objects in another format.",
    severity=Severity.HIGH,
    cwe=("CWE-502",),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010.003", "AML.T0011.000"),
    needs=((b"allow_pickle", b"None, True"),),
    modules=frozenset(("numpy", "jax", "cupy", "scipy", "torch", "tensorflow")),
    confirm=_CONFIRM,
    check=_check,
    bad=("import numpy as np\nnp.load('a.npy', allow_pickle=True)\n",),
    good=("import numpy as np\nnp.load('a.npy')\n",),
)
