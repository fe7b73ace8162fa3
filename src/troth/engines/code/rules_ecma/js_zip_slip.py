"""Members of archives that are written where their names say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.ecma import Call, EcmaFile
from troth.engines.code.grown.ecma_flow import holds
from troth.engines.code.grown.ecma_scopes import FUNCTIONS, Scope
from troth.engines.code.grown.syntax import Node, inside, text_of
from troth.engines.code.grown.syntax import field as field_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_WRITES = ("writeFileSync", "writeFile", "createWriteStream", "outputFile", "outputFileSync", "mkdirSync", "mkdir", "ensureDirSync")
_NAMES = frozenset(("entryName", "fileName", "relativePath"))
_ARCHIVES = re.compile(r"adm-zip|unzipper|yauzl|jszip|node-stream-zip|tar-stream|decompress|fflate|@zip\.js|unzip-stream|zip-lib")
_ENTRY = re.compile(r"(?:entry|header|member|zipEntry|file)\Z", re.IGNORECASE)
_ZIP = re.compile(r"zip|archive", re.IGNORECASE)
_LOOKS = re.compile(r"startsWith\(|\.includes\(\s*[\"']\.\.|\.indexOf\(\s*[\"']\.\.|isPathInside|path\.relative\(|isSafePath|safeJoin|within|sanitize\w*\(")


def _check(file: EcmaFile, _: Context) -> Iterator[Hit]:
    if not _ARCHIVES.search(file.text):
        return
    for call in file.calls:
        if any(name.rpartition(".")[2] in _WRITES for name in call.names) and call.arguments and holds(call.arguments[0], call.scope, file, _member_name) and not _looked_at(call):
            yield Hit(call.line, "A member's name makes the path; `..` in it leads out.")


def _member_name(node: Node, scope: Scope, _file: EcmaFile) -> bool:
    """`entry.entryName`, and `entry.path` or `header.name` of what is called an entry."""
    if node.type == "identifier":
        return text_of(node) == "relativePath" and any(item.kind == "param" for item in scope.find("relativePath"))
    if node.type == "call_expression":
        called = field_of(node, "function")
        return called is not None and text_of(called).rpartition(".")[2] in ("unzipSync", "loadAsync")
    owner, name = (field_of(node, key) for key in ("object", "property")) if node.type == "member_expression" else (None, None)
    if owner is None or name is None:
        return False
    if text_of(name) == "files":  # jszip: a table by the members' names
        return bool(_ZIP.search(text_of(owner)))
    return text_of(name) in _NAMES or (text_of(name) in ("path", "name", "filename") and bool(_ENTRY.search(text_of(owner))))


def _looked_at(call: Call) -> bool:
    """The function, or the one around it, looks where the member would go."""
    function = inside(call.node, *FUNCTIONS)
    outer = inside(function, *FUNCTIONS) if function is not None else None
    return any(one is not None and _LOOKS.search(text_of(one)) for one in (function, outer))


RULE = Rule(
    id="js-zip-slip",
    title="An archive is unpacked where its names say",
    why="A member called ../../x is written outside of the target.",
    mend="Resolve the path, and refuse it where it does not begin with the target.",
    severity=Severity.MEDIUM,
    cwe=("CWE-22",),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010",),
    needs=((b"zip", b"tar-stream", b"yauzl", b"decompress", b"fflate"), (b"entryName", b"fileName", b".path", b".name", b"relativePath", b".files", b"unzipSync"), (b"rite", b"mkdir", b"output")),
    check=_check,
    language="ecma",
    bad=("const Zip = require('adm-zip');\nfor (const e of new Zip(f).getEntries()) fs.writeFileSync(path.join(d, e.entryName), e.getData());\n",),
    good=("const Zip = require('adm-zip');\nfor (const e of new Zip(f).getEntries()) fs.writeFileSync(path.join(d, path.basename(e.entryName)), e.getData());\n",),
)
