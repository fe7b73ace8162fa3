"""Temporary files whose names somebody else can take first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((rb"mktemp", rb"gettempdir", rb"/tmp(?<=[\"']/tmp)[/\"']", rb"/var/tmp/(?<=[\"']/var/tmp/)", rb"/dev/shm/(?<=[\"']/dev/shm/)"))
_FIXED = re.compile(r"/(?:tmp|var/tmp|dev/shm)/[^/]")
_FOLDER = re.compile(r"/(?:tmp|var/tmp|dev/shm)/")
_CHANCE = re.compile(r"uuid|random|secret|token|mkdtemp|nonce|urandom", re.IGNORECASE)
_WRITERS = {"torch.save": 1, "numpy.save": 0, "numpy.savez": 0, "joblib.dump": 1, "safetensors.torch.save_file": 1, "shutil.copy": 1, "shutil.copyfile": 1}


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls("tempfile.mktemp", "os.tempnam", "os.tmpnam"):
        yield Hit(site.line, "Between the name and the file somebody else can make it.")
    for site in module.calls("builtins.open", "io.open"):
        mode = module.values(site.argument(1, "mode"), site.scope)
        writes = mode is not None and any(isinstance(value, str) and set(value) & set("wa+") for value in mode)
        if writes and _fixed(module, site, 0):
            yield Hit(site.line, "A fixed name in a folder that everybody can write to.")
    for site in module.ending(".write_text", ".write_bytes"):
        if isinstance(site.node.func, ast.Attribute) and _foretold(module, site, site.node.func.value):
            yield Hit(site.line, "A fixed name in a folder that everybody can write to.")
    for name, position in _WRITERS.items():
        for site in module.calls(name):
            if _fixed(module, site, position):
                yield Hit(site.line, "A fixed name in a folder that everybody can write to.")


def _fixed(module: Module, site: Site, position: int) -> bool:
    return _foretold(module, site, site.argument(position))


def _foretold(module: Module, site: Site, node: ast.expr | None, depth: int = 0) -> bool:
    """A path below a folder for all that others can work out: written here, or put together without anything random."""
    if node is None or depth > 4:
        return False
    values = module.values(node, site.scope)
    if values is not None:
        return any(isinstance(value, str) and _FIXED.match(value) for value in values)
    if isinstance(node, ast.Name):
        found = site.scope.find(node.id)
        return found is not None and len(found[0]) == 1 and isinstance(found[0][0], ast.expr) and _foretold(module, site, found[0][0], depth + 1)
    if isinstance(node, ast.JoinedStr) and node.values:
        first = node.values[0]
        return isinstance(first, ast.Constant) and bool(_FOLDER.match(str(first.value))) and not _random(node)
    if isinstance(node, ast.Call) and module.names(node.func, site.scope) & {"os.path.join", "pathlib.Path"} and node.args:
        first = node.args[0]
        shared = module.values(first, site.scope) or frozenset()
        if len(node.args) == 1:
            return any(isinstance(value, str) and _FIXED.match(value) for value in shared)
        at = any(isinstance(value, str) and _FOLDER.match(value.rstrip("/") + "/") for value in shared) or bool(module.names(first, site.scope) & {"tempfile.gettempdir()"})
        return at and not _random(node)
    return False


def _random(node: ast.expr) -> bool:
    return any(_CHANCE.search(item.attr if isinstance(item, ast.Attribute) else item.id) for item in ast.walk(node) if isinstance(item, (ast.Attribute, ast.Name)))


RULE = Rule(
    id="tempfile-race",
    title="A temporary file with a name that others can take",
    why="Another user of the machine puts a link or a file of their own there first.",
    mend="Use tempfile.mkstemp, NamedTemporaryFile or TemporaryDirectory.",
    severity=Severity.LOW,
    cwe=("CWE-377", "CWE-367"),
    owasp=(),
    atlas=(),
    needs=((b"/tmp", b"mktemp", b"/dev/shm", b"gettempdir"),),
    confirm=_CONFIRM,
    check=_check,
    bad=("import tempfile\ntempfile.mktemp()\n", "open('/tmp/a', 'w')\n"),
    good=("import tempfile\ntempfile.mkstemp()\n", "open('/tmp/a')\n"),
)
