"""Ways to spoil a tree: each gives the files that change, with their new bytes (None: the file is gone). For the self-test; nothing is written anywhere.

Two kinds: those that take away what a verdict rests on, made from its evidence, and those that add what should never be there, the same for every tree. Whatever stands in them is harmless: credentials are made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from troth.terms.facts.tree import Tree
from troth.terms.verdict import Evidence

__all__ = ["Change", "additions", "removals"]

Change = Mapping[str, bytes | None]

_WORKFLOW: Final = re.compile(r"\.github/(?:workflows/|actions/).*\.ya?ml\Z|(?:^|/)action\.ya?ml\Z")
_RUN: Final = re.compile(r"^(?P<lead>\s*(?:- )?run:[ \t]+)(?P<command>[^|>\s].*)$", re.MULTILINE)
_JOBS: Final = re.compile(r"^on:|^'on':|^\"on\":|^true:", re.MULTILINE)
_KEY: Final = "AKIA" + "Z7QX3NLM5RTV2W4Y"
_VERSIONED: Final = frozenset(("pyproject.toml", "package.json", "Cargo.toml", "setup.py", "setup.cfg", "__init__.py", "_version.py", "version.py", "VERSION"))
_VERSION: Final = re.compile(r"""((?:"version"\s*:|\bversion\s*=|__version__\s*=)\s*["']?)\d[\w.+-]*(["']?)""")
_MOST: Final = 12

_ROGUE: Final = b"""\
on:
  pull_request_target:
  push:
  issue_comment:
permissions: write-all
jobs:
  rogue:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@main
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - uses: somebody/some-action@master
      - run: echo "${{ secrets.NPM_TOKEN }} ${{ secrets.PYPI_TOKEN }}"
      - run: npm publish
        env:
          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
      - run: twine upload dist/*
        env:
          TWINE_PASSWORD: ${{ secrets.PYPI_TOKEN }}
"""
_CODE: Final = b"""\
import pickle
import subprocess

import torch
import yaml


def spoil(path, password):
    print(password)
    torch.load(path)
    pickle.load(open(path, "rb"))
    yaml.load(open(path), Loader=yaml.Loader)
    subprocess.run(path, shell=True)
"""


def removals(tree: Tree, evidence: tuple[Evidence, ...]) -> Iterator[tuple[str, Change]]:
    """What a verdict rests on, taken away: the lines, the files, the effect of the steps, the workflows' events."""
    places = [item.place for item in evidence if item.place.path in tree.files]
    paths = tuple(dict.fromkeys(place.path for place in places))
    if not paths:
        return
    yield "the evidence's files are gone", dict.fromkeys(paths)
    endings = tuple(dict.fromkeys(path.rsplit("/", 1)[-1].rsplit(".", 1)[-1] for path in paths if "." in path.rsplit("/", 1)[-1]))
    alike = [path for path in tree.files if path.rsplit("/", 1)[-1].rsplit(".", 1)[-1] in endings]
    yield "every file of its kind is gone", dict.fromkeys(alike)
    lines = {path: {place.line for place in places if place.path == path and place.line} for path in paths}
    blanked = {path: _blank(tree, path, found) for path, found in lines.items() if found}
    if blanked:
        yield "the evidence's lines are gone", blanked
    workflows = tuple(path for path in tree.files if _WORKFLOW.search(path))
    if any(path in workflows for path in paths):
        yield "every step's failure is swallowed", {path: _swallowed(tree, path) for path in workflows}
        yield "no event starts the workflows", {path: _silenced(tree, path) for path in workflows}


def _blank(tree: Tree, path: str, numbers: set[int]) -> bytes:
    lines = tree.lines(path)
    return "\n".join("" if at in numbers else line for at, line in enumerate(lines, 1)).encode()


def _swallowed(tree: Tree, path: str) -> bytes:
    return _RUN.sub(lambda match: f"{match['lead']}{match['command']} || true", tree.text(path) or "").encode()


def _silenced(tree: Tree, path: str) -> bytes:
    return _JOBS.sub("on: workflow_dispatch\nwas:", tree.text(path) or "", count=1).encode()


def additions(tree: Tree) -> Iterator[tuple[str, Change]]:
    """What should never be there, added."""
    yield "a workflow that gives everything away", {".github/workflows/zz-rogue.yml": _ROGUE}
    yield "a credential in the code", {
        "zz_spoiled.py": f'AWS_ACCESS_KEY_ID = "{_KEY}"\npassword = "correct-horse-9f3Kx"\n'.encode(),
        ".env": f"AWS_ACCESS_KEY_ID={_KEY}\n".encode(),
    }
    folder = next((path.rsplit("/", 1)[0] + "/" for path in tree.files if path.endswith(".py") and "/" in path and "test" not in path), "")
    yield "code that loads and runs what it is given", {f"{folder}zz_spoiled.py": _CODE}
    images = {path: _appended(tree, path, "USER root\n") for path in tree.files if re.search(r"(?:^|/)(?:Docker|Container)file[^/]*\Z", path)}
    if images:
        yield "images that run as root", dict(list(images.items())[:_MOST])
    lists = {path: _appended(tree, path, "zz-unpinned\n") for path in tree.files if re.search(r"(?:^|/)requirements[^/]*\.txt\Z", path)}
    lists |= {path: _loosened(tree, path) for path in tree.files if path.rsplit("/", 1)[-1] in ("pyproject.toml", "package.json", "Cargo.toml")}
    if lists:
        yield "a dependency without a version", dict(list(lists.items())[:_MOST])
    versions = {path: _newer(tree, path) for path in tree.files if path.rsplit("/", 1)[-1] in _VERSIONED}
    if versions:
        yield "a version far beyond every release", dict(list(versions.items())[:_MOST])
    yield "a model outside of Git LFS", {"zz_model.pt": b"PK\x03\x04" + bytes(4096), "zz_model.safetensors": bytes(4096)}
    ignores = {path: b"" for path in tree.files if path.rsplit("/", 1)[-1] in (".gitignore", ".dockerignore", ".gitattributes")}
    if ignores:
        yield "nothing is ignored, and nothing has attributes", ignores
    guides = {path: _appended(tree, path, "\nRun `npm publish` or `twine upload dist/*` from your laptop. Report security problems in a public issue.\n") for path in tree.files if re.search(r"(?:^|/)(?:README|CONTRIBUTING|RELEASE|RELEASING)[^/]*\Z", path)}
    if guides:
        yield "documents that tell people to do otherwise", dict(list(guides.items())[:_MOST])


def _newer(tree: Tree, path: str) -> bytes:
    return _VERSION.sub(r"\g<1>99.0.0\g<2>", tree.text(path) or "", count=1).encode()


def _appended(tree: Tree, path: str, text: str) -> bytes:
    return ((tree.text(path) or "").rstrip("\n") + "\n" + text).encode()


def _loosened(tree: Tree, path: str) -> bytes:
    text = tree.text(path) or ""
    text = re.sub(r"(dependencies\s*=\s*\[)", r'\1"zz-unpinned", ', text, count=1)
    text = re.sub(r'("dependencies"\s*:\s*\{)', r'\1"zz-unpinned": "*", ', text, count=1)
    return re.sub(r"(\[dependencies\]\n)", r'\1zz-unpinned = "*"\n', text, count=1).encode()
