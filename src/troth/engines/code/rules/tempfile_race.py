"""Temporary files whose names somebody else can take first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from troth.engines.code.module import Module, Site
from troth.engines.code.rule import Context, Hit, Rule, Severity, matching

__all__ = ["RULE"]

_CONFIRM = matching((rb"mktemp", rb"gettempdir", rb"tempnam|tmpnam", rb"/tmp(?<=[\"']/tmp)[/\"']", rb"/var/tmp/(?<=[\"']/var/tmp/)", rb"/dev/shm/(?<=[\"']/dev/shm/)"))
_SAYS = "A fixed name in a folder that everybody can write to."
_FIXED = re.compile(r"/(?:tmp|var/tmp|dev/shm)/[^/]")
_FOLDER = re.compile(r"/(?:tmp|var/tmp|dev/shm)/")
_CHANCE = re.compile(r"uuid|random|secret|token|mkdtemp|nonce|urandom", re.IGNORECASE)
_METHODS = {".save_pretrained": 0, ".to_csv": 0, ".to_parquet": 0, ".to_json": 0, ".to_pickle": 0, ".save_checkpoint": 0, ".savefig": 0, ".save_weights": 0, ".save_to_disk": 0, ".urlretrieve": 1, ".FileHandler": 0}
"""Methods that write to a path, and at which place they are given it."""
_WRITERS = {"torch.save": 1, "os.mkfifo": 0, "numpy.savez_compressed": 0, "numpy.savetxt": 0, "shutil.move": 1, "shutil.copy2": 1, "sqlite3.connect": 0, "os.symlink": 1, "shelve.open": 0, "keras.saving.save_model": 1, "safetensors.numpy.save_file": 1, "onnx.save": 1, "numpy.save": 0, "numpy.savez": 0, "joblib.dump": 1, "safetensors.torch.save_file": 1, "shutil.copy": 1, "shutil.copyfile": 1}


def _check(module: Module, _: Context) -> Iterator[Hit]:
    for site in module.calls("tempfile.mktemp", "os.tempnam", "os.tmpnam"):
        yield Hit(site.line, "Between the name and the file somebody else can make it.")
    for site in module.calls("builtins.open", "io.open"):
        mode = module.values(site.argument(1, "mode"), site.scope)
        writes = mode is not None and any(isinstance(value, str) and set(value) & set("wa+") for value in mode)
        if writes and _fixed(module, site, 0):
            yield Hit(site.line, _SAYS)
    yield from _opened(module)
    yield from _written(module)


def _opened(module: Module) -> Iterator[Hit]:
    """Files that are opened to be written, by the system's call or as a method of their path."""
    for site in module.ending(".open"):
        mode = module.values(site.argument(0, "mode"), site.scope)
        writes = mode is not None and any(isinstance(value, str) and set(value) <= set("rwaxbt+") and set(value) & set("wa+") for value in mode)
        if writes and isinstance(site.node.func, ast.Attribute) and _foretold(module, site, site.node.func.value):
            yield Hit(site.line, _SAYS)
    for site in module.calls("os.open"):
        flags = ast.unparse(site.arguments[1]) if len(site.arguments) > 1 else ""
        if "O_CREAT" in flags and "O_EXCL" not in flags and _fixed(module, site, 0):
            yield Hit(site.line, _SAYS)


def _written(module: Module) -> Iterator[Hit]:
    """Paths that are handed to what writes."""
    for name, position in _METHODS.items():
        for site in module.ending(name):
            if _fixed(module, site, position):
                yield Hit(site.line, _SAYS)
    for site in module.ending(".write_text", ".write_bytes"):
        if isinstance(site.node.func, ast.Attribute) and _foretold(module, site, site.node.func.value):
            yield Hit(site.line, _SAYS)
    for name, position in _WRITERS.items():
        for site in module.calls(name):
            if _fixed(module, site, position):
                yield Hit(site.line, _SAYS)


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
        return (_shared(module, site, first.value) if isinstance(first, ast.FormattedValue) else isinstance(first, ast.Constant) and bool(_FOLDER.match(str(first.value)))) and not _random(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Div, ast.Mod)):
        return (_shared(module, site, node.left) or _foretold(module, site, node.left, depth + 1)) and not _random(node)
    if isinstance(node, ast.Call) and module.names(node.func, site.scope) & {"os.path.join", "pathlib.Path"} and node.args:
        first = node.args[0]
        shared = module.values(first, site.scope) or frozenset()
        if len(node.args) == 1:
            return any(isinstance(value, str) and _FIXED.match(value) for value in shared) or _foretold(module, site, first, depth + 1)
        return _shared(module, site, first) and not _random(node)
    return False


def _shared(module: Module, site: Site, node: ast.expr, depth: int = 0) -> bool:
    """A folder for all: by its name, or asked for."""
    values = module.values(node, site.scope) or frozenset()
    if any(isinstance(value, str) and _FOLDER.match(value.rstrip("/") + "/") for value in values):
        return True
    if module.names(node, site.scope) & {"tempfile.gettempdir()"}:
        return True
    inner = isinstance(node, ast.Call) and bool(module.names(node.func, site.scope) & {"pathlib.Path", "os.path.abspath", "os.path.realpath"}) and len(node.args) == 1
    if inner and isinstance(node, ast.Call):
        return _shared(module, site, node.args[0], depth + 1)
    found = site.scope.find(node.id) if isinstance(node, ast.Name) and depth < 3 else None
    return found is not None and len(found[0]) == 1 and isinstance(found[0][0], ast.expr) and _shared(module, site, found[0][0], depth + 1)


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
