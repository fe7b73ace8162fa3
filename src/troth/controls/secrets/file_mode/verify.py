"""Judges whether a file with secrets is readable by its owner alone from its first byte on: every place in Python code that writes such a file, with the mode that it gets."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

from troth.judgement.guards import not_a_claim, softened, source_lines, sources, unread
from troth.judgement.wording import several
from troth.terms.facts.tree import Tree
from troth.terms.promise import Modality, Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, Evidence, How, Kept, Partly, Unknown, Verdict

_ABOUT = re.compile(r"\b0?o?[0-7]?[0-7]00\b|permission|chmod|owner|readable|file mode", re.IGNORECASE)
_OTHERS = re.compile(r"\b(?:container|pod|api|token|role|user|account|workflow|job|app|bot|network|database)s?(?:'s)? permissions?\b|\benvironment variables?\b", re.IGNORECASE)
"""Permissions of something that is no file."""
_FILE = re.compile(r"\bfiles?\b|\bdirector(?:y|ies)\b|chmod|\b0?o?[0-7]?[0-7]00\b|\.(?:json|ya?ml|toml|env|pem|key)\b", re.IGNORECASE)
_SECRET = re.compile(r"secret|credential|passw|(?<![a-z])tokens?(?![a-z])|api_?key|private_?key|keyring|auth(?![a-z]*or)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"writeFile(?:Sync)?\s*\(|createWriteStream\s*\(|fs::write\s*\(|File::create\s*\(|OpenOptions::new")
_SIZE = 512 * 1024
_MEND = "Create it with os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), or write a file of tempfile.mkstemp and os.replace it."
_GOOD, _LATE, _NEW_ONLY, _WIDE, _NONE, _UNSEEN = "made for its owner alone", "its mode is set after it was written", "only a new file gets the mode", "others may read it", "no mode is set", "its mode is set elsewhere"


@dataclass(frozen=True)
class _Write:
    """One place that writes a file with secrets, and what mode the file has there."""

    path: str
    line: int
    mode: str


def verify(statement: Statement, params: Params, tree: Tree) -> Verdict:
    """Broken where such a file is written for everybody, Partly where its mode comes late or for new files only, Kept where every such write in a Python tree is seen and made for its owner."""
    named = _named(params.text("path") or "")
    other = not_a_claim(statement, "restrict their files")
    if other is not None:
        own = _own_writes(statement, named, tree)
        return softened(own, statement, claims=False) if isinstance(own, Broken) else own or other
    if not _ABOUT.search(statement.text) or (_OTHERS.search(statement.text) and not _FILE.search(statement.text)):
        return Unknown("a sentence about the file's mode", "The sentence does not say who may read the file.")
    writes: list[_Write] = []
    unsure: list[str] = unread(tree, ".py")
    for path in sources(tree, ".py"):
        found = _file(tree, path, named)
        if found is None:
            unsure.append(path)
        else:
            writes += found
    return _weigh(tree, writes, unsure)


def _own_writes(statement: Statement, named: re.Pattern[str] | None, tree: Tree) -> Broken | Partly | None:
    """What is at fault where advice names a file that the program itself writes; None where nothing is, or no such file is written."""
    if named is None or statement.modality is not Modality.RECOMMENDATION_USERS:
        return None
    naming = [path for path in sources(tree, ".py") if named.search(tree.text(path) or "")]
    found = _weigh(tree, [write for path in naming for write in _file(tree, path, named) or ()], [])
    return found if isinstance(found, (Broken, Partly)) else None


def _weigh(tree: Tree, writes: list[_Write], unsure: list[str]) -> Verdict:
    bad = [write for write in writes if write.mode in (_NONE, _WIDE)]
    half = [write for write in writes if write.mode in (_LATE, _NEW_ONLY)]
    good = [write for write in writes if write.mode == _GOOD]
    if bad and not good and not half:
        how = How.CONTRADICTED if any(write.mode == _WIDE for write in bad) else How.ABSENT
        return Broken(how, _shown(tree, bad), f"{several(len(bad), 'place writes a file', 'places write a file')} with secrets that others may read.", _MEND)
    if bad or half:
        return Partly(How.INCOMPLETE, _shown(tree, bad + half), f"Of {len(writes)} places that write a file with secrets {len(good)} make it for its owner alone from its first byte on.", _MEND)
    elsewhere = next(iter(source_lines(tree, _ELSEWHERE, ".ts", ".js", ".mjs", ".cjs", ".tsx", ".rs")), None)
    if not good or len(good) < len(writes) or unsure or elsewhere is not None:
        return Unknown("the place that writes the file", "No Python code of the repository was seen to write such a file, or not all code could be seen.")
    return Kept(_shown(tree, good), f"All {len(good)} places that write a file with secrets make it for its owner alone.")


def _shown(tree: Tree, writes: list[_Write]) -> tuple[Evidence, ...]:
    return tuple(tree.evidence(write.path, write.line, f"A file with secrets is written: {write.mode}.") for write in writes[:8])


def _named(path: str) -> re.Pattern[str] | None:
    """The file that the sentence names, by its last part."""
    last = path.strip("`~/ ").rpartition("/")[2]
    return re.compile(re.escape(last)) if len(last) > 3 and "." in last else None


def _file(tree: Tree, path: str, named: re.Pattern[str] | None) -> list[_Write] | None:
    """Writes of one file; None where it cannot be read as Python."""
    text = tree.text(path)
    if text is None or len(text) > _SIZE:
        return None
    if not re.search(r"open|write_text|write_bytes|mkstemp|\.dump\(", text) or not (_SECRET.search(text) or (named is not None and named.search(text))):
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    texts = {target.id: ast.unparse(node.value) for node in ast.walk(module) if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}
    scopes = [node for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inner = {id(item) for scope in scopes for item in ast.walk(scope) if item is not scope}
    top = [node for node in ast.walk(module) if id(node) not in inner]
    return [write for nodes in (top, *([*ast.walk(scope)] for scope in scopes)) for write in _scope(path, nodes, texts, named)]


def _scope(path: str, nodes: list[ast.AST], texts: dict[str, str], named: re.Pattern[str] | None) -> Iterator[_Write]:
    """Writes of one function, or of the module outside of functions."""
    calls = sorted((node for node in nodes if isinstance(node, ast.Call)), key=lambda call: (call.lineno, call.col_offset))
    opened_up = any(_called(call).rpartition(".")[2] in ("chmod", "fchmod") and (_mode(call.args[-1] if call.args else None) or 0) & 0o077 for call in calls)
    for write in _writes(path, calls, texts, named):
        # a mode that others may read through, given anywhere in the same function, takes back what was made for the owner alone
        yield replace(write, mode=_UNSEEN) if opened_up and write.mode == _GOOD else write


def _writes(path: str, calls: list[ast.Call], texts: dict[str, str], named: re.Pattern[str] | None) -> Iterator[_Write]:
    drafts = {ast.unparse(target) for call in calls if (target := _target(call)) is not None}
    for call in calls:
        target, moved = _target(call), _moved(call)
        if moved is not None and _is_secret(moved[1], texts, named) and ast.unparse(moved[0]) not in drafts:
            fresh = any(_called(one).endswith(("mkstemp", "NamedTemporaryFile")) for one in calls) and not _called(call).startswith("shutil.copy")
            yield _Write(path, call.lineno, _GOOD if fresh else _UNSEEN)
        if target is not None and _is_secret(target, texts, named):
            yield _Write(path, call.lineno, _mode_of(call, calls, target))


def _moved(call: ast.Call) -> tuple[ast.expr, ast.expr] | None:
    """What a call puts in another file's place, and that place."""
    if len(call.args) == 2 and _called(call) in ("os.replace", "os.rename", "shutil.move", "shutil.copy", "shutil.copyfile", "shutil.copy2"):
        return call.args[0], call.args[1]
    if len(call.args) == 1 and isinstance(call.func, ast.Attribute) and call.func.attr in ("replace", "rename"):
        return call.func.value, call.args[0]
    return None


def _mode_of(call: ast.Call, calls: list[ast.Call], target: ast.expr) -> str:
    if any(item.arg == "opener" for item in call.keywords):
        return _UNSEEN
    if _called(call) == "os.open":
        return _by_os_open(call, calls)
    masks = [_mode(one.args[0] if one.args else None) for one in calls if _called(one) == "os.umask" and one.lineno <= call.lineno]
    if masks and masks[-1] is not None and masks[-1] & 0o077 == 0o077:
        return _GOOD if any(isinstance(item, ast.Constant) and "x" in str(item.value) for item in call.args[:2]) else _NEW_ONLY
    return _later(call, calls, target)


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func) if isinstance(call.func, (ast.Name, ast.Attribute)) else ""


def _target(call: ast.Call) -> ast.expr | None:
    """The path that a call writes to; None for every other call."""
    name = _called(call)
    if name in ("open", "io.open", "os.open", "aiofiles.open", "codecs.open", "anyio.open_file", "gzip.open") and call.args:
        mode = call.args[1] if len(call.args) > 1 else next((item.value for item in call.keywords if item.arg in ("mode", "flags")), None)
        text = ast.unparse(mode) if mode is not None else ""
        writes = "O_CREAT" in text if name == "os.open" else isinstance(mode, ast.Constant) and bool(set(str(mode.value)) & set("wax+"))
        return call.args[0] if writes else None
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("write_text", "write_bytes"):
        return call.func.value
    if isinstance(call.func, ast.Attribute) and call.func.attr == "open" and call.args and isinstance(call.args[0], ast.Constant) and set(str(call.args[0].value)) & set("wax+"):
        return call.func.value
    return None


def _is_secret(target: ast.expr, texts: dict[str, str], named: re.Pattern[str] | None) -> bool:
    """Whether a path speaks of secrets: by what is written there, or by what the names in it stand for."""
    words = ast.unparse(target)
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and node.id in texts:
            words += " " + texts[node.id]
    return bool(_SECRET.search(words)) or (named is not None and bool(named.search(words)))


def _mode(node: ast.expr | None) -> int | None:
    """A mode that is written as a number, or put together from `stat.S_I...`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if node is None:
        return None
    parts = re.findall(r"S_I\w+", ast.unparse(node))
    bits = {"S_IRUSR": 0o400, "S_IWUSR": 0o200, "S_IXUSR": 0o100, "S_IRWXU": 0o700, "S_IREAD": 0o400, "S_IWRITE": 0o200}
    return sum(bits.get(part, 0o077) for part in set(parts)) if parts else None


def _by_os_open(call: ast.Call, calls: list[ast.Call]) -> str:
    mode = _mode(call.args[2] if len(call.args) > 2 else next((item.value for item in call.keywords if item.arg == "mode"), None))
    if mode is None or mode & 0o077:
        return _WIDE
    flags = ast.unparse(call.args[1]) if len(call.args) > 1 else ""
    tightened = any(_called(one) in ("os.fchmod", "os.chmod") or _called(one).endswith(".chmod") for one in calls)
    return _GOOD if "O_EXCL" in flags or tightened else _NEW_ONLY


def _later(call: ast.Call, calls: list[ast.Call], target: ast.expr) -> str:
    """What becomes of the mode of a file that was opened without one."""
    wanted = ast.unparse(target)
    for other in calls:
        name = _called(other)
        if name in ("os.chmod", "os.fchmod") and other.args and (name == "os.fchmod" or ast.unparse(other.args[0]) == wanted):
            mode = _mode(other.args[1] if len(other.args) > 1 else None)
        elif name == f"{wanted}.chmod" and other.args:
            mode = _mode(other.args[0])
        else:
            continue
        if mode is None:
            return _LATE
        if mode & 0o077:
            return _WIDE
        return _GOOD if other.lineno < call.lineno and name != "os.fchmod" and _touched(calls, other, wanted) else _LATE
    touched = [_mode(_keyword(one, "mode")) for one in calls if _called(one) == f"{wanted}.touch" and one.lineno <= call.lineno]
    # a mode that `touch` is given is for the file that it makes; one that is there already keeps its own
    return _NEW_ONLY if any(mode is not None and not mode & 0o077 for mode in touched) else _NONE


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return call.args[0] if call.args else next((item.value for item in call.keywords if item.arg == name), None)


def _touched(calls: list[ast.Call], before: ast.Call, wanted: str) -> bool:
    """The file was made empty and given its mode before anything was written to it."""
    return any(_called(call) == f"{wanted}.touch" and call.lineno <= before.lineno for call in calls)
