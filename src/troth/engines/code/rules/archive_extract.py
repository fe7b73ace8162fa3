"""Archives unpacked where their member names say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity

__all__ = ["RULE"]

_OPENERS = ("tarfile.open()", "tarfile.TarFile()", "tarfile.TarFile.open()", "tarfile.TarFile.gzopen()", "tarfile.TarFile.bz2open()", "tarfile.TarFile.xzopen()")
_SAFE = frozenset(("data", "tar"))
_LISTS = (
    "zipfile.ZipFile().namelist()", "zipfile.ZipFile().infolist()", "tarfile.open().getnames()", "tarfile.open().getmembers()", "tarfile.open()[]", "tarfile.TarFile()[]",
)  # fmt: skip
_LOOKS = re.compile(r"commonpath|commonprefix|is_relative_to|relative_to|realpath|within|inside|traversal|is_?safe|safe_?(?:path|join|member)", re.IGNORECASE)


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls(*(f"{name}.extractall" for name in _OPENERS)):
        members = site.argument(1, "members")
        if (members is None or _all_members(members)) and not _guarded(site):
            yield from _filter(module, site, "Members may be written outside of the target, and links followed.")
    for site in module.calls(*(f"{name}.extract" for name in _OPENERS)):
        member = site.argument(0, "member")
        if member is not None and not _guarded(site) and _from_member(module, site, member):
            yield from _filter(module, site, "The member may be written outside of the target.")
    for site in module.calls("tarfile.TarFile.extractall"):  # the method of the class, given the archive
        if not _guarded(site):
            yield from _filter(module, site, "Members may be written outside of the target, and links followed.")
    for site in module.calls("shutil.unpack_archive"):
        if not _is_zip(module, site):
            yield from _filter(module, site, "Members of a tar file may be written outside of the target.")
    yield from _by_hand(module)


def _by_hand(module: Module) -> Iterator[Hit]:
    """Members that this file writes by itself."""
    for site in (*module.calls("builtins.open", "io.open"), *module.ending(".write_bytes", ".open")):
        function = site.node.func
        path = function.value if isinstance(function, ast.Attribute) and function.attr in ("write_bytes", "open") else site.argument(0)
        if path is not None and not _guarded(site) and any(_from_member(module, site, part) for part in _parts(path, module, site)):
            yield Hit(site.line, "A member's name makes the path; `..` in it leads out.")


def _filter(module: Module, site: Site, says: str) -> Iterator[Hit]:
    if _filtered_before(module, site):
        return
    given = site.argument(-1, "filter")
    if given is not None and any(name.endswith("fully_trusted_filter") for name in module.names(given, site.scope)):
        yield Hit(site.line, says)
        return
    if given is None:
        if not site.opaque:
            yield Hit(site.line, says)
        return
    values = module.values(given, site.scope)
    if values is not None and not values <= _SAFE:
        yield Hit(site.line, says)


def _filtered_before(module: Module, site: Site) -> bool:
    """The archive was given a filter in the same function, or every archive of the process was."""
    for target, _, scope in module.built.stores:
        if isinstance(target, ast.Attribute) and target.attr == "extraction_filter" and (scope is site.scope or "tarfile.TarFile" in module.names(target.value, scope)):
            return True
    return False


def _all_members(node: ast.expr) -> bool:
    """`archive.getmembers()` leaves nothing out."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("getmembers", "infolist", "namelist", "getnames")


def _is_zip(module: Module, site: Site) -> bool:
    """The library for zip files drops `..` and drives from names by itself."""
    kind, name = module.values(site.argument(2, "format"), site.scope), module.values(site.argument(0, "filename"), site.scope)
    return kind == frozenset(("zip",)) or (name is not None and all(str(item).endswith((".zip", ".whl")) for item in name))


def _guarded(site: Site) -> bool:
    """The function looks where a member would go, and can refuse."""
    node: ast.AST = site.scope.function.node if site.scope.function is not None else site.scope.node
    words = {item.attr if isinstance(item, ast.Attribute) else item.id for item in ast.walk(node) if isinstance(item, (ast.Attribute, ast.Name))}
    texts = {item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)}
    words |= {"traversal"} if ".." in texts else set()  # looked for in the names
    refuses = any(isinstance(item, (ast.Raise, ast.Continue)) for item in ast.walk(node))
    return refuses and any(_LOOKS.search(word) for word in words)


def _parts(path: ast.expr, module: Module, site: Site) -> list[ast.expr]:
    """What a path is put together from, behind its first part."""
    if isinstance(path, ast.Name):
        found = site.scope.find(path.id)
        values = [item for item in found[0] if isinstance(item, ast.expr) and not isinstance(item, ast.Name)] if found is not None else []
        return [part for item in values for part in _parts(item, module, site)]
    if isinstance(path, ast.BinOp):
        return [path.right] if isinstance(path.op, (ast.Div, ast.Add)) else []
    if isinstance(path, ast.JoinedStr):
        return [item.value for item in path.values[1:] if isinstance(item, ast.FormattedValue)]
    if isinstance(path, ast.Call) and (module.names(path.func, site.scope) & {"os.path.join"} or (isinstance(path.func, ast.Attribute) and path.func.attr == "joinpath")):
        return path.args[1:] if not (isinstance(path.func, ast.Attribute) and path.func.attr == "joinpath") else path.args
    return []


def _from_member(module: Module, site: Site, node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute) and node.attr in ("filename", "name"):
        node = node.value
    return any(name.startswith(_LISTS) for name in module.names(node, site.scope))


RULE = Rule(
    id="archive-extract",
    title="An archive is unpacked where its names say",
    why="A member called ../../x, or a link, writes outside of the target.",
    mend="Pass filter='data' (tar), or extract zip files with ZipFile.extract.",
    severity=Severity.MEDIUM,
    cwe=("CWE-22", "CWE-59"),
    owasp=("LLM03:2025",),
    atlas=("AML.T0010",),
    needs=((b"tarfile", b"zipfile", b"shutil"), (b"extractall", b"unpack_archive", b"namelist", b"getnames", b"infolist", b"getmembers", b".extract(")),
    modules=frozenset(("tarfile", "zipfile", "shutil",)),
    check=_check,
    bad=("import tarfile\ntarfile.open('a').extractall()\n",),
    good=("import tarfile\ntarfile.open('a').extractall(filter='data')\n",),
)
