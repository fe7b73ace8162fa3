"""Vector stores that unpickle what stands beside their index."""

from __future__ import annotations

from collections.abc import Iterator

from troth.engines.code.module import Module
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.sites:
        for line in module.flagged(site, site.keywords.get("allow_dangerous_deserialization"), lambda value: value is True):
            yield Hit(line, "The store's metadata is unpickled, which runs code from the file.")


RULE = Rule(
    id="faiss-deserialization",
    title="A vector store is unpickled",
    why="The index folder holds a pickle of the documents.",
    mend="Build the index anew from documents, or check the folder's digest before.",
    severity=Severity.HIGH,
    cwe=("CWE-502",),
    owasp=("LLM08:2025", "LLM03:2025"),
    atlas=("AML.T0010", "AML.T0011.000"),
    needs=((b"allow_dangerous_deserialization",),),
    check=_check,
    bad=("from langchain_community.vectorstores import FAISS\nFAISS.load_local('i', e, allow_dangerous_deserialization=True)\n",),
    good=("from langchain_community.vectorstores import FAISS\nFAISS.load_local('i', e)\n",),
)
