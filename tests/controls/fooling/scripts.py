"""What is done to the command itself: its name, its shell, its options, what becomes of its status."""

from __future__ import annotations

from tests.controls.fooling.form import BANDIT, SOURCE, Fooling, steps, workflow

INSTALL = "pip install bandit"
HONEST = workflow(steps(INSTALL, "bandit -r src"))
AUDIT = ("deps/vuln-scan", "npm audit runs in CI on every pull request")
NPM = {"package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}}\n'}
NPM_LOCK = {"package-lock.json": '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}}, "node_modules/left-pad": {"version": "1.3.0"}}}\n'}


def _command(name: str, *runs: str, **more: str) -> Fooling:
    return Fooling(name, *BANDIT, {**workflow(steps(INSTALL, *runs)), **more}, HONEST)


def _npm(name: str, run: str, honest: str = "npm audit --audit-level=high") -> Fooling:
    return Fooling(name, *AUDIT, {**workflow(steps("npm ci", run)), **NPM, **NPM_LOCK}, {**workflow(steps("npm ci", honest)), **NPM, **NPM_LOCK})


def _pip(name: str, run: str, **more: str) -> Fooling:
    files = {"requirements.txt": "requests==2.32.0\n", **more}
    sentence = ("deps/vuln-scan", "pip-audit runs in CI on every pull request")
    return Fooling(name, *sentence, {**workflow(steps("pip install pip-audit", run)), **files}, {**workflow(steps("pip install pip-audit", "pip-audit -r requirements.txt")), **files})


FOOLINGS = [
    _command("a shell function of the tool's name", "bandit() { echo fine; }\nbandit -r src"),
    _command("a function with the other keyword", "function bandit { true; }\nbandit -r src"),
    _command("an alias that the shell expands", "shopt -s expand_aliases\nalias bandit=true\nbandit -r src"),
    _command("after an exit of the same step", "exit 0\nbandit -r src"),
    _command("after an exit on the same line", "echo done; exit 0; bandit -r src"),
    _command("a trap that ends well", "trap 'exit 0' EXIT\nbandit -r src"),
    _command("a trap on errors", "trap 'exit 0' ERR\nbandit -r src"),
    _command("or exit 0", "bandit -r src || exit 0"),
    _command("in the background", "bandit -r src &"),
    _command("its status is printed and forgotten", "set +e\nbandit -r src\necho status $?"),
    _command("negated in a condition", "if ! bandit -r src; then\n  echo found something\nfi"),
    _command("only echoed", 'echo "bandit -r src"'),
    _command("an argument of the command that does nothing", ": bandit -r src"),
    _command("a here-document", "cat <<EOF > plan.txt\nbandit -r src\nEOF"),
    _command("only asked for", "command -v bandit\nwhich bandit"),
    _command("its help is read", "bandit --help"),
    _command("a script of the tree of that name", "./bandit -r src", bandit="#!/bin/sh\nexit 0\n"),
    _command("a package of the tree of that name", "python -m bandit -r src", **{"bandit/__main__.py": "print('fine')\n", "bandit/__init__.py": ""}),
    _command("a dry run of make", "make -n lint", Makefile="lint:\n\tbandit -r src\n"),
    _command("make that ignores errors", "make -i lint", Makefile="lint:\n\tbandit -r src\n"),
    _command("a target that make ignores altogether", "make lint", Makefile=".IGNORE:\n\nlint:\n\tbandit -r src\n"),
    _command("a folder that holds nothing", "bandit -r empty", **{"empty/.gitkeep": ""}),
    _command("a folder of workflows", "bandit -r .github"),
    _command("all of it left out by an option", "bandit -r src -x src"),
    _command("behind a condition that is never true", 'if [ "a" = "b" ]; then\n  bandit -r src\nfi'),
    _command("behind false and", "false && bandit -r src || true"),
    _command("a function that nothing calls", "scan() {\n  bandit -r src\n}\necho ready"),
    Fooling("a shell that only prints", *BANDIT, workflow(steps(INSTALL, "- run: bandit -r src\n  shell: echo {0}")), HONEST),
    Fooling("a default shell that does nothing", *BANDIT, workflow(steps(INSTALL, "bandit -r src"), top="defaults:\n  run:\n    shell: 'true {0}'\n"), HONEST),
    _npm("audit of what is only for developers", "npm audit --omit=prod --only=dev"),
    _npm("audit without what is run", "npm audit --omit=prod"),
    _npm("audit that fails at nothing", "npm audit --audit-level=none"),
    _npm("audit of signatures", "npm audit signatures"),
    _npm("a dry run of the fix", "npm audit fix --dry-run"),
    _pip("a dry run of the audit", "pip-audit -r requirements.txt --dry-run"),
    _pip("a list with nothing in it", "pip-audit -r none.txt", **{"none.txt": "# nothing\n"}),
    Fooling(
        "licences for advisories", "deps/vuln-scan", "cargo-deny checks dependencies for known vulnerabilities in CI",
        {**workflow(steps("cargo install cargo-deny", "cargo deny check licenses")), "Cargo.toml": '[package]\nname = "a"\nversion = "1.0.0"\n'},
        {**workflow(steps("cargo install cargo-deny", "cargo deny check advisories")), "Cargo.toml": '[package]\nname = "a"\nversion = "1.0.0"\n'},
    ),
    Fooling(
        "the hook is skipped by a variable", *BANDIT,
        {**workflow(steps("pip install pre-commit", "SKIP=bandit pre-commit run --all-files")), ".pre-commit-config.yaml": "repos:\n  - repo: https://github.com/PyCQA/bandit\n    rev: 1.8.0\n    hooks:\n      - id: bandit\n"},
        {**workflow(steps("pip install pre-commit", "pre-commit run --all-files")), ".pre-commit-config.yaml": "repos:\n  - repo: https://github.com/PyCQA/bandit\n    rev: 1.8.0\n    hooks:\n      - id: bandit\n"},
    ),
    Fooling(
        "a script of package.json that only prints", *AUDIT,
        {**workflow(steps("npm ci", "npm run audit")), "package.json": '{"name": "a", "version": "1.0.0", "scripts": {"audit": "echo npm audit"}, "dependencies": {"left-pad": "1.3.0"}}\n', **NPM_LOCK},
        {**workflow(steps("npm ci", "npm run audit")), "package.json": '{"name": "a", "version": "1.0.0", "scripts": {"audit": "npm audit"}, "dependencies": {"left-pad": "1.3.0"}}\n', **NPM_LOCK},
    ),
    Fooling("tests that are only collected", "tests/security-covered", "Security tests run in CI", {**workflow(steps("pip install pytest", "pytest --collect-only tests/test_security.py")), "tests/test_security.py": "def test_it():\n    assert 1\n", **SOURCE}, {**workflow(steps("pip install pytest", "pytest tests/test_security.py")), "tests/test_security.py": "def test_it():\n    assert 1\n", **SOURCE}, kept=False),
]
