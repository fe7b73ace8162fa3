"""Members of archives that are written where their names say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troth.engines.code.grown.rust import RustFile, function_of
from troth.engines.code.grown.syntax import text_of
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_NAME = re.compile(r"\b(?:file|entry|member|zip_file|zipfile|f)\.(?:name|name_raw|mangled_name|path)\(\)")
_SAFE = re.compile(r"mangled_name\(\)|enclosed_name\(\)|starts_with\(|\.components\(\)|sanitize|is_safe|file_name\(\)")


def _check(file: RustFile, _: Context) -> Iterator[Hit]:
    for call in file.methods("join", "push"):
        given = " ".join(text_of(item) for item in call.arguments)
        names = re.findall(r"[A-Za-z_]\w*", given)
        here = function_of(call.node)
        spelled = [given, *(text_of(value) for name in names for value in file.bound.get(name, ()) if function_of(value) == here)]
        if any(_NAME.search(text) and "mangled_name" not in text for text in spelled) and here is not None and not _SAFE.search(text_of(here)):
            yield Hit(call.line, "A member's name makes the path; `..` in it leads out.")


RULE = Rule(
    id="rust-zip-slip",
    title="An archive is unpacked where its names say",
    why="A member called ../../x is written outside of the target.",
    mend="Use enclosed_name(), and skip what has none.",
    severity=Severity.MEDIUM,
    cwe=("CWE-22",),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010",),
    needs=((b"zip", b"tar::", b"Archive"), (b".name()", b".path()"), (b".join(", b".push(")),
    check=_check,
    language="rust",
    bad=("fn f(a: &mut zip::ZipArchive<File>, t: &Path) { let file = a.by_index(0).unwrap(); let p = t.join(file.name()); }\n",),
    good=("fn f(a: &mut zip::ZipArchive<File>, t: &Path) { let file = a.by_index(0).unwrap(); let p = t.join(file.enclosed_name().unwrap()); }\n",),
)
