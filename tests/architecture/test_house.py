"""The house rules that a linter cannot hold: sizes, docstrings, every folder a package, errors documented, nothing of this machine in the tree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "troth"
MODULES = sorted(SOURCE.rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "helpers", "manager", "core", "base", "common", "misc"}


IN_THE_ROOT = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md", "go.py", "justfile", "pyproject.toml"}


def test_files_of_tests_and_tools_keep_to_the_length_too():
    found = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for folder in ("tests", "tools", "bench", "native") for path in (ROOT / folder).rglob("*.py")}
    assert {name: lines for name, lines in found.items() if lines > 400} == {}


def functions(tree: ast.Module):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(SOURCE)) for path in MODULES])
def test_a_module_keeps_to_the_sizes_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    long = [f"{node.name}: {node.end_lineno - node.lineno + 1}" for node in functions(tree) if node.end_lineno - node.lineno + 1 > 60]

    assert text.count("\n") <= 400
    assert not long
    if text.strip():
        assert ast.get_docstring(tree), "no module docstring"


def test_what_is_public_has_a_docstring() -> None:
    missing = []
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            public = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                missing.append(f"{path.relative_to(SOURCE)}: {node.name}")

    assert not missing


def test_every_folder_with_code_is_a_package() -> None:
    # A folder without __init__.py is invisible to the import contracts.
    folders = {path.parent for path in MODULES}

    assert [] == sorted(str(folder) for folder in folders if not (folder / "__init__.py").is_file())


def test_names_say_something() -> None:
    parts = {part for path in MODULES for part in (*path.relative_to(SOURCE).parts[:-1], path.stem)}

    assert not parts & FORBIDDEN_NAMES


def test_a_broad_except_raises_or_records() -> None:
    """Nothing is swallowed: a handler of Exception must raise, return what it made of the failure, or say beside the line how it fails closed."""
    silent = []
    for path in MODULES:
        lines = path.read_text(encoding="utf-8").split("\n")
        for node in ast.walk(ast.parse("\n".join(lines))):
            broad = isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
            reasoned = broad and "noqa: BLE001 - " in lines[node.lineno - 1]
            if broad and not reasoned and not any(isinstance(inner, ast.Raise | ast.Return) for inner in ast.walk(node)):
                silent.append(f"{path.relative_to(SOURCE)}:{node.lineno}")

    assert not silent


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_committed_file_names_a_place_of_this_machine() -> None:
    here = re.escape(str(ROOT.parent))
    pattern = re.compile(rf"{here}/(?:main|shared|trees|venv)\b") if str(ROOT.parent) not in ("/", "/home", "/tmp") else re.compile(r"(?!)")
    found = [str(path.relative_to(ROOT)) for path in tracked_files() if pattern.search(path.read_text("utf-8", "ignore"))]

    assert not found


def test_locks_name_no_registry() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in lock.read_text(encoding="utf-8"), lock.name


HEAVY = ("yaml", "markdown_it", "rich", "jinja2", "cryptography", "click", "dataclasses")


def test_importing_troth_and_asking_its_version_stay_light() -> None:
    asked = "import sys, troth; print([name for name in sys.modules if name.split('.')[0] in %r])" % (HEAVY,)
    light = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r}); {asked}"], capture_output=True, text=True, check=True)
    assert "[]" == light.stdout.strip()

    trace = subprocess.run([sys.executable, "-X", "importtime", "-m", "troth", "--version"], capture_output=True, text=True, check=True)
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in trace.stderr.splitlines()}
    assert not imported & set(HEAVY)
    assert trace.stdout.startswith("troth ")


def test_the_pages_of_the_controls_are_built_from_their_folders() -> None:
    script = ROOT / "tools" / "build_docs.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_root_holds_what_belongs_there() -> None:
    done = subprocess.run(["git", "-C", ROOT, "ls-files", "--", ":(glob)*"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")

    assert {name for name in done.stdout.splitlines() if not name.startswith(".")} == IN_THE_ROOT
