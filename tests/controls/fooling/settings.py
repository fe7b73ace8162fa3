"""What is done in files that tools read: their configuration, bots, hooks, lists of what is left out, build files."""

from __future__ import annotations

from tests.controls.fooling.form import BANDIT, SOURCE, Fooling, hook, steps, workflow

SCAN = steps("pip install bandit", "bandit -c pyproject.toml -r src")
HOOKS = ("dev/pre-commit-hooks", "Gitleaks runs as a pre-commit hook")
GITLEAKS = "repos:\n  - repo: https://github.com/gitleaks/gitleaks\n    rev: v8.21.2\n    hooks:\n      - id: gitleaks\n"
BOT = ("deps/update-bot", "Dependabot proposes dependency updates weekly")
RULE = "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n    schedule:\n      interval: weekly\n"
PIP = {"requirements.txt": "requests==2.32.0\n"}
USER = ("container/non-root", "The container runs as a non-root user")
IMAGE = "FROM python:3.12-slim\nRUN useradd app\nUSER app\n"
START = 'CMD ["python", "-m", "app"]\n'
MULTI = ("container/hardened", "Multi-stage Docker builds")


def _hook(name: str, text: str) -> Fooling:
    return Fooling(name, *HOOKS, hook(text), hook(GITLEAKS))


def _bot(name: str, more: str, rule: str = RULE) -> Fooling:
    return Fooling(name, *BOT, {".github/dependabot.yml": rule + more, **PIP}, {".github/dependabot.yml": RULE, **PIP})


def _renovate(name: str, text: str) -> Fooling:
    sentence = ("deps/update-bot", "Renovate proposes dependency updates")
    return Fooling(name, *sentence, {"renovate.json": text, **PIP}, {"renovate.json": '{"extends": ["config:recommended"]}\n', **PIP})


def _image(name: str, text: str, **more: str) -> Fooling:
    return Fooling(name, *USER, {"Dockerfile": text, **more}, {"Dockerfile": IMAGE + START})


def _config(name: str, path: str, text: str) -> Fooling:
    return Fooling(name, *BANDIT, {**workflow(SCAN), path: text}, {**workflow(SCAN), "pyproject.toml": '[tool.bandit]\nexclude_dirs = ["tests"]\n'})


FOOLINGS = [
    _config("all sources are left out", "pyproject.toml", '[tool.bandit]\nexclude_dirs = ["src", "tests"]\n'),
    _config("everything is left out", "pyproject.toml", '[tool.bandit]\nexclude_dirs = ["."]\n'),
    _config("every test is skipped but one", "pyproject.toml", '[tool.bandit]\ntests = ["B999"]\n'),
    _hook("a hook of the tree that does nothing", 'repos:\n  - repo: local\n    hooks:\n      - id: gitleaks\n        name: gitleaks\n        entry: "true"\n        language: system\n'),
    _hook("a hook that only prints", "repos:\n  - repo: local\n    hooks:\n      - id: gitleaks\n        name: gitleaks\n        entry: echo gitleaks\n        language: system\n"),
    _hook("a hook whose entry is replaced", GITLEAKS + "        entry: 'true'\n"),
    _hook("a hook for no file", GITLEAKS + "        files: '^$'\n"),
    _hook("a hook that leaves out every file", GITLEAKS + "        exclude: '.*'\n"),
    _hook("a configuration that leaves out every file", "exclude: '.*'\n" + GITLEAKS),
    _hook("a hook for another stage", GITLEAKS + "        stages: [manual]\n"),
    _hook("a hook that forgives", "repos:\n  - repo: local\n    hooks:\n      - id: gitleaks\n        name: gitleaks\n        entry: bash -c 'gitleaks protect --staged || true'\n        language: system\n"),
    _bot("no request may be open", "    open-pull-requests-limit: 0\n"),
    _bot("every dependency is ignored", "    ignore:\n      - dependency-name: '*'\n"),
    _bot("a folder that is not there", "", RULE.replace("directory: /", "directory: /nowhere")),
    _bot("an interval that there is not", "", RULE.replace("weekly", "sometimes")),
    _bot("nothing is allowed", "    allow:\n      - dependency-name: a-package-that-nobody-uses\n"),
    _bot("every kind of update is ignored", "    ignore:\n      - dependency-name: '*'\n        update-types: ['version-update:semver-major', 'version-update:semver-minor', 'version-update:semver-patch']\n"),
    _bot("every path is left out", "    exclude-paths:\n      - '**'\n"),
    _renovate("the bot is off", '{"enabled": false}\n'),
    _renovate("the bot is off for every package", '{"packageRules": [{"matchPackageNames": ["*"], "enabled": false}]}\n'),
    _renovate("the bot looks at nothing", '{"ignorePaths": ["**"]}\n'),
    _renovate("no manager is on", '{"enabledManagers": []}\n'),
    _image("sudo in the entrypoint", IMAGE + 'ENTRYPOINT ["sudo", "-E", "python", "-m", "app"]\n'),
    _image("the entrypoint goes back to root", IMAGE + 'ENTRYPOINT ["gosu", "root", "python", "-m", "app"]\n'),
    _image("sudo in the command", IMAGE + "CMD sudo python -m app\n"),
    _image("sudo in the script", IMAGE + 'COPY start.sh /\nENTRYPOINT ["/start.sh"]\n', **{"start.sh": "#!/bin/sh\nexec sudo -E python -m app\n"}),
    _image("root by its number", "FROM python:3.12-slim\nUSER 0:0\n" + START),
    _image("root by an argument", "FROM python:3.12-slim\nARG WHO=0\nUSER $WHO\n" + START),
    _image("the last stage begins anew", "FROM python:3.12-slim AS build\nUSER app\nFROM python:3.12-slim\nCOPY --from=build /app /app\n" + START),
    _image("a service that takes the stage before", "FROM python:3.12-slim AS build\nRUN pip install app\nFROM build AS final\nUSER app\n" + START, **{"docker-compose.yml": "services:\n  app:\n    build:\n      context: .\n      target: build\n"}),
    _image("a service that is root", IMAGE + START, **{"docker-compose.yml": "services:\n  app:\n    build: .\n    user: '0'\n"}),
    Fooling("the last stage is the first", *MULTI, {"Dockerfile": "FROM python:3.12-slim AS build\nRUN pip install app\nFROM build\n" + START}, {"Dockerfile": "FROM python:3.12-slim AS build\nRUN pip install app\nFROM python:3.12-slim\nCOPY --from=build /app /app\n" + START}),
    Fooling("a check of health that always passes", "container/hardened", "Health checks", {"Dockerfile": IMAGE + "HEALTHCHECK CMD true\n" + START}, {"Dockerfile": IMAGE + "HEALTHCHECK CMD curl -f http://localhost/health\n" + START}),
    Fooling("no check of health", "container/hardened", "Health checks", {"Dockerfile": IMAGE + "HEALTHCHECK NONE\n" + START}, {"Dockerfile": IMAGE + "HEALTHCHECK CMD curl -f http://localhost/health\n" + START}),
    Fooling("the file is ignored, and taken back", "secrets/env-ignored", "Never commit .env files", {".gitignore": ".env\n!.env\n", **SOURCE}, {".gitignore": ".env\n", **SOURCE}),
    Fooling("a version with a star", "deps/pinned", "All dependencies are pinned to exact versions", {"requirements.txt": "requests==2.*\n"}, {"requirements.txt": "requests==2.32.0\n"}),
    Fooling("an install that moves the lock file", "deps/pinned", "CI installs dependencies only from the lock file", {**workflow(steps("npm install", "npm test")), "package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"left-pad": "^1.3.0"}}\n', "package-lock.json": '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0", "dependencies": {"left-pad": "^1.3.0"}}, "node_modules/left-pad": {"version": "1.3.0", "resolved": "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz", "integrity": "sha512-x"}}}\n'}, {**workflow(steps("npm ci", "npm test")), "package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"left-pad": "^1.3.0"}}\n', "package-lock.json": '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0", "dependencies": {"left-pad": "^1.3.0"}}, "node_modules/left-pad": {"version": "1.3.0", "resolved": "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz", "integrity": "sha512-x"}}}\n'}),
    Fooling("a threshold of nothing", "tests/coverage-gate", "Test coverage of at least 80% is required in CI", {**workflow(steps("pip install pytest pytest-cov", "pytest --cov=src --cov-fail-under=0")), "tests/test_a.py": "def test_a():\n    assert 1\n"}, {**workflow(steps("pip install pytest pytest-cov", "pytest --cov=src --cov-fail-under=80")), "tests/test_a.py": "def test_a():\n    assert 1\n"}),
    Fooling("a list that lets everything pass", *HOOKS, {**hook(GITLEAKS), ".gitleaks.toml": "[extend]\nuseDefault = true\n\n[allowlist]\npaths = ['.*']\n"}, {**hook(GITLEAKS), ".gitleaks.toml": "[extend]\nuseDefault = true\n\n[allowlist]\npaths = ['^tests/fixtures/']\n"}),
    Fooling("provenance that is switched off", "publish/provenance", "npm packages are published with provenance", {**workflow(steps("npm ci", "npm publish --provenance=false"), on="on:\n  release:\n    types: [published]", job="permissions:\n  id-token: write\n  contents: read"), "package.json": '{"name": "a", "version": "1.0.0"}\n', "package-lock.json": '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0"}}}\n'}, {**workflow(steps("npm ci", "npm publish --provenance"), on="on:\n  release:\n    types: [published]", job="permissions:\n  id-token: write\n  contents: read"), "package.json": '{"name": "a", "version": "1.0.0"}\n', "package-lock.json": '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0"}}}\n'}, kept=False),
    Fooling("attestations that are switched off", "publish/provenance", "Releases on PyPI carry attestations", {**workflow(steps("python -m build", "- uses: pypa/gh-action-pypi-publish@release/v1\n  with:\n    attestations: false"), on="on:\n  release:\n    types: [published]", job="permissions:\n  id-token: write\n  contents: read"), "pyproject.toml": '[project]\nname = "a"\nversion = "1.0.0"\n'}, {**workflow(steps("python -m build", "- uses: pypa/gh-action-pypi-publish@release/v1"), on="on:\n  release:\n    types: [published]", job="permissions:\n  id-token: write\n  contents: read"), "pyproject.toml": '[project]\nname = "a"\nversion = "1.0.0"\n'}, kept=False),
]
