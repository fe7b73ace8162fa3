"""Archives unpacked where their member names say."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_OPENERS = ("tarfile.open()", "tarfile.TarFile()", "tarfile.TarFile.open()")
_SAFE = frozenset(("data", "tar"))
_LISTS = ("zipfile.ZipFile().namelist()", "tarfile.open().getnames()")


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls(*(f"{name}.extractall" for name in _OPENERS)):
        if site.argument(1, "members") is None:
            yield from _filter(module, site, "Members may be written outside of the target, and links followed.")
    for site in module.calls("shutil.unpack_archive"):
        yield from _filter(module, site, "Members of a tar file may be written outside of the target.")
    for site in module.calls("builtins.open", "pathlib.Path().write_bytes"):
        first = site.argument(0)
        if isinstance(first, ast.Call) and module.names(first.func, site.scope) & {"os.path.join"} and _from_list(module, site, first):
            yield Hit(site.line, "A member's name makes the path; `..` in it leads out.")


def _filter(module: Module, site: Site, says: str) -> Iterator[Hit]:
    given = site.argument(-1, "filter")
    if given is None:
        if not site.opaque:
            yield Hit(site.line, says)
        return
    values = module.values(given, site.scope)
    if values is not None and not values <= _SAFE:
        yield Hit(site.line, says)


def _from_list(module: Module, site: Site, call: ast.Call) -> bool:
    return any(name.startswith(_LISTS) for item in call.args[1:] for name in module.names(item, site.scope))


RULE = Rule(
    id="archive-extract",
    title="An archive is unpacked where its names say",
    why="A member called ../../x, or a link, writes outside of the target.",
    mend="Pass filter='data' (tar), or extract zip files with ZipFile.extract.",
    severity=Severity.MEDIUM,
    cwe=("CWE-22", "CWE-59"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010",),
    needs=((b"tarfile", b"zipfile", b"shutil"), (b"extractall", b"unpack_archive", b"namelist", b"getnames")),
    modules=frozenset(("tarfile", "zipfile", "shutil",)),
    check=_check,
    bad=("import tarfile\ntarfile.open('a').extractall()\n",),
    good=("import tarfile\ntarfile.open('a').extractall(filter='data')\n",),
)
