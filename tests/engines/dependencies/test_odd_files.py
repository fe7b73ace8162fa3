"""Odd manifests and lock files, with what each wish and each locked package must be read as: written by hand from the formats' own descriptions, before the parsers had seen them.

First count: 25 of 35 tests. Three asked for a package by the wrong name, one lock file lacked the entry that a patch stands beside, and one member of a workspace is judged where the workspace says its version: those five were the tests' own.
"""

from __future__ import annotations

import pytest

from tests.engines.advisories.made import NOW, advisory, index_of
from tests.engines.trees import tree_of
from troth.engines.advisories.matching import match
from troth.engines.dependencies import look
from troth.terms.facts.dependencies import Pin, Scope

SHA = "0123456789abcdef0123456789abcdef01234567"
HEX = "0" * 64

WISHES = {
    "extras, markers and a comment": ("requirements.txt", 'uvicorn[standard]==0.30.1 ; python_version >= "3.9"  # server\nhttpx[http2,brotli]>=0.27\n', {"uvicorn": [Pin.EXACT], "httpx": [Pin.OPEN]}),
    "repositories by commit, tag and nothing": (
        "requirements.txt",
        f"a @ git+https://forge.example/u/a.git@{SHA}\nb @ git+ssh://git@forge.example/u/b.git@v1.2.0\ngit+https://forge.example/u/c.git#egg=c\n-e git+https://forge.example/u/d.git@{SHA}#egg=d&subdirectory=py\n",
        {"a": [Pin.EXACT], "b": [Pin.NONE], "c": [Pin.NONE], "d": [Pin.EXACT]},
    ),
    "paths and files": ("requirements.txt", "-e ./libs/x[dev]\n./wheels/foo-1.0-py3-none-any.whl\nbar @ file:///srv/bar\n", {"bar": [Pin.LOCAL]}),
    "a wheel by address": ("requirements.txt", f"a @ https://files.example/a-1.0-py3-none-any.whl#sha256={HEX}\nb @ https://files.example/b-1.0-py3-none-any.whl\n", {"a": [Pin.HASH], "b": [Pin.NONE]}),
    "one name under two markers": ("requirements.txt", 'numpy==1.26.4 ; python_version < "3.12"\nnumpy>=2 ; python_version >= "3.12"\n', {"numpy": [Pin.EXACT, Pin.OPEN]}),
    "versions of odd kinds": (
        "requirements.txt",
        "torch==2.3.1+cu121\nrc==2.0.0rc1\nany===1.0-odd\nstar==1.*\nnot!=1.5\nboth>=1,==1.4.2\nepoch==1!2.0\npost==1.0.post1\nparens (>=1,<2)\n",
        {"torch": [Pin.EXACT], "rc": [Pin.EXACT], "any": [Pin.EXACT], "star": [Pin.BOUNDED], "not": [Pin.OPEN], "both": [Pin.EXACT], "epoch": [Pin.EXACT], "post": [Pin.EXACT], "parens": [Pin.BOUNDED]},
    ),
    "digests in part": ("requirements.txt", f"a==1.0 --hash=sha256:{HEX} \\\n    --hash=sha256:{HEX}\nb==1.0\nc>=1 --hash=sha256:{HEX}\n", {"a": [Pin.HASH], "b": [Pin.EXACT], "c": [Pin.HASH]}),
    "a file of two line ends and a byte order mark": ("requirements.txt", "\ufeffa==1.0\r\nb>=2\r\n", {"a": [Pin.EXACT], "b": [Pin.OPEN]}),
    "groups that include each other": (
        "pyproject.toml",
        '[project]\nname = "p"\nversion = "1"\ndependencies = ["a==1", "b~=2.0"]\n[project.optional-dependencies]\ngpu = ["c>=3"]\n[dependency-groups]\nx = [{include-group = "y"}, "d==4"]\ny = [{include-group = "x"}, "e"]\n',
        {"a": [Pin.EXACT], "b": [Pin.BOUNDED], "c": [Pin.OPEN], "d": [Pin.EXACT], "e": [Pin.NONE]},
    ),
    "poetry's ways": (
        "pyproject.toml",
        f'[tool.poetry]\nname = "p"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.11"\na = {{version = "^2", extras = ["x"]}}\nb = {{git = "https://forge.example/u/b.git", rev = "{SHA}"}}\nc = {{git = "https://forge.example/u/c.git", branch = "main"}}\n'
        'd = {path = "../d", develop = true}\ne = [{version = "1.0.0", markers = "python_version < \'3.12\'"}, {version = "^2", markers = "python_version >= \'3.12\'"}]\nf = "*"\ng = "~1.2"\nh = ">=1"\ni = "1.2.3"\nj = "1.2.*"\n',
        {"a": [Pin.BOUNDED], "b": [Pin.EXACT], "c": [Pin.NONE], "d": [Pin.LOCAL], "e": [Pin.EXACT, Pin.BOUNDED], "f": [Pin.NONE], "g": [Pin.BOUNDED], "h": [Pin.OPEN], "i": [Pin.EXACT], "j": [Pin.BOUNDED]},
    ),
    "uv's sources": (
        "pyproject.toml",
        f'[project]\nname = "p"\nversion = "1"\ndependencies = ["a", "b", "c", "d"]\n[tool.uv]\noverride-dependencies = ["z==1"]\n[tool.uv.sources]\na = {{git = "https://forge.example/u/a", rev = "{SHA}"}}\nb = {{path = "../b", editable = true}}\nc = {{workspace = true}}\nd = {{git = "https://forge.example/u/d", tag = "v1"}}\n',
        {"a": [Pin.EXACT], "b": [Pin.LOCAL], "c": [Pin.LOCAL], "d": [Pin.NONE], "z": []},
    ),
    "a Pipfile": (
        "Pipfile",
        f'[packages]\na = "*"\nb = "==3.0.0"\nc = {{git = "https://forge.example/u/c.git", ref = "{SHA}"}}\nd = {{path = ".", editable = true}}\ne = {{version = "==1.0", markers = "sys_platform == \'linux\'"}}\nf = {{extras = ["x"], version = ">=2"}}\n[dev-packages]\ng = "~=1.1"\n',
        {"a": [Pin.NONE], "b": [Pin.EXACT], "c": [Pin.EXACT], "d": [Pin.LOCAL], "e": [Pin.EXACT], "f": [Pin.OPEN], "g": [Pin.BOUNDED]},
    ),
    "npm's ways": (
        "package.json",
        '{"name": "p", "version": "1.0.0", "dependencies": {"a": "npm:b@^1.0.0", "c": "npm:@scope/d@1.2.3", "e": "github:u/r#' + SHA + '", "f": "git+ssh://git@forge.example/u/r.git#semver:^1.0", "g": "file:../g", "h": "workspace:^1.0.0", '
        '"i": "1.0.0 || 2.0.0", "j": "1.2.3 - 1.2.9", "k": "https://files.example/k.tgz", "l": "1.0.0-beta.1", "m": "latest", "n": ">=1 <2", "o": "=1.2.3", "q": "1", "r": "u/r#main", "s": ">1.0.0", "t": "^1.0.0 || *"}, '
        '"overrides": {"z": "1.0.0"}, "resolutions": {"y": "1.0.0"}}',
        {"a": [Pin.BOUNDED], "c": [Pin.EXACT], "e": [Pin.EXACT], "f": [Pin.NONE], "g": [Pin.LOCAL], "h": [Pin.LOCAL], "i": [Pin.BOUNDED], "j": [Pin.BOUNDED], "k": [Pin.NONE], "l": [Pin.EXACT], "m": [Pin.NONE], "n": [Pin.BOUNDED],
         "o": [Pin.EXACT], "q": [Pin.BOUNDED], "r": [Pin.NONE], "s": [Pin.OPEN], "t": [Pin.NONE], "z": [], "y": []},
    ),
    "Cargo's ways": (
        "Cargo.toml",
        f'[package]\nname = "p"\nversion = "0.1.0"\n[dependencies]\na = {{ version = "=1.0.200", features = ["x"] }}\nb = {{ git = "https://forge.example/u/b", rev = "{SHA}" }}\nc = {{ git = "https://forge.example/u/c", tag = "v1" }}\nd = {{ path = "../d" }}\n'
        'e = { package = "real", version = "1" }\nf = ">=1, <2"\ng = "*"\nh = "~1.2"\n[target.\'cfg(unix)\'.dependencies]\ni = "0.3"\n[build-dependencies]\nj = "=1.0.0"\n[dev-dependencies]\nk = ">=1"\n',
        {"a": [Pin.EXACT], "b": [Pin.EXACT], "c": [Pin.NONE], "d": [Pin.LOCAL], "real": [Pin.BOUNDED], "f": [Pin.BOUNDED], "g": [Pin.NONE], "h": [Pin.BOUNDED], "i": [Pin.BOUNDED], "j": [Pin.EXACT], "k": [Pin.OPEN]},
    ),
    "Go's ways": (
        "go.mod",
        "module example.com/p\n\ngo 1.22\n\nrequire (\n\texample.com/a v1.2.3\n\texample.com/b v0.0.0-20240101000000-abcdefabcdef // indirect\n\texample.com/c/v2 v2.0.0+incompatible\n\texample.com/d v1.0.0\n)\n\nreplace example.com/d => ../d\n",
        {"example.com/a": [Pin.EXACT], "example.com/b": [Pin.EXACT], "example.com/c/v2": [Pin.EXACT], "example.com/d": [Pin.LOCAL]},
    ),
    "conda's ways": (
        "environment.yml",
        "name: p\ndependencies:\n  - python=3.11.4=h1234_0\n  - numpy=1.26\n  - pandas==2.2.0\n  - pytorch::pytorch>=2\n  - pip\n  - pip:\n      - flask==3.0.3\n      - -r requirements.txt\n",
        {"python": [Pin.EXACT], "numpy": [Pin.BOUNDED], "pandas": [Pin.EXACT], "pytorch": [Pin.OPEN], "flask": [Pin.EXACT]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", list(WISHES))
def test_every_wish_is_as_exact_as_the_format_has_it(title):
    name, text, right = WISHES[title]
    manifest = look(tree_of({name: text})).manifest(name)
    found = {wanted: [entry.pin for entry in manifest.entries if entry.name == wanted] for wanted in right}

    assert right == found


def test_constraints_that_name_each_other_end_and_hold_what_they_pin():
    files = {"requirements.txt": "-c a/constraints.txt\nrequests\nflask>=2\n", "a/constraints.txt": "-c ../b-constraints.txt\nrequests==2.32.0\n", "b-constraints.txt": "-c a/constraints.txt\nflask==3.0.3\n"}
    manifest = look(tree_of(files)).manifest("requirements.txt")

    assert {"requests": Pin.EXACT, "flask": Pin.EXACT} == {entry.name: entry.pin for entry in manifest.entries}


def test_what_a_member_takes_from_its_workspace_is_judged_there():
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["m"]\n[workspace.dependencies]\na = "=1.0.0"\nb = "1"\n',
        "m/Cargo.toml": '[package]\nname = "m"\nversion = "0.1.0"\n[dependencies]\na = { workspace = true }\nb.workspace = true\n',
    }
    found = look(tree_of(files))

    assert {"a": Pin.EXACT, "b": Pin.BOUNDED} == {entry.name: entry.pin for entry in found.manifest("Cargo.toml").entries}
    assert {"a": Pin.LOCAL, "b": Pin.LOCAL} == {entry.name: entry.pin for entry in found.manifest("m/Cargo.toml").entries}


def test_a_constraint_of_two_versions_by_marker_is_exact_and_a_loose_one_is_none():
    files = {"requirements.txt": "-c constraints.txt\na\nb\n", "constraints.txt": "a==1 ; python_version < '3.12'\na==2 ; python_version >= '3.12'\nb==1 ; python_version < '3.12'\nb>=2 ; python_version >= '3.12'\n"}
    manifest = look(tree_of(files)).manifest("requirements.txt")

    assert {"a": Pin.EXACT, "b": Pin.NONE} == {entry.name: entry.pin for entry in manifest.entries}


def test_go_takes_the_module_that_stands_in_for_another():
    text = "module example.com/p\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/b v1.0.0\n)\n\nreplace (\n\texample.com/a => example.com/fork v1.0.1\n\texample.com/b v0.9.0 => ../b\n)\n"
    manifest = look(tree_of({"go.mod": text})).manifest("go.mod")

    assert {("example.com/fork", "v1.0.1", Pin.EXACT), ("example.com/b", "v1.0.0", Pin.EXACT)} == {(entry.name, entry.spec, entry.pin) for entry in manifest.entries}


LOCKS = {
    "npm's aliases, links and repositories": (
        "package-lock.json",
        '{"name": "p", "lockfileVersion": 3, "packages": {"": {"name": "p", "workspaces": ["w"]}, "node_modules/a": {"name": "b", "version": "1.0.0", "integrity": "sha512-x"}, "node_modules/w": {"resolved": "w", "link": true}, '
        '"w": {"name": "w", "version": "0.1.0"}, "node_modules/g": {"version": "2.0.0", "resolved": "git+ssh://git@forge.example/u/g.git#' + SHA + '"}, "node_modules/c/node_modules/b": {"version": "0.9.0", "integrity": "sha512-y"}}}',
        {("b", "1.0.0"): True, ("b", "0.9.0"): True, ("g", "2.0.0"): False},
    ),
    "yarn berry's aliases, patches and members": (
        "yarn.lock",
        '__metadata:\n  version: 8\n\n"a@npm:b@^1.0.0":\n  version: 1.2.3\n  resolution: "b@npm:1.2.3"\n  checksum: 10c0/aa\n  languageName: node\n  linkType: hard\n\n"p@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "p@workspace:."\n  languageName: unknown\n  linkType: soft\n\n'
        '"typescript@npm:5.4.5":\n  version: 5.4.5\n  resolution: "typescript@npm:5.4.5"\n  checksum: 10c0/cc\n  languageName: node\n  linkType: hard\n\n'
        '"typescript@patch:typescript@npm%3A5.4.5#optional!builtin<compat/typescript>":\n  version: 5.4.5\n  resolution: "typescript@patch:typescript@npm%3A5.4.5#optional!builtin<compat/typescript>::version=5.4.5&hash=aa"\n  checksum: 10c0/bb\n  languageName: node\n  linkType: hard\n',
        {("b", "1.2.3"): True, ("typescript", "5.4.5"): True},
    ),
    "yarn 1's aliases and several wishes": (
        "yarn.lock",
        '# yarn lockfile v1\n\n\n"a@npm:b@1.0.0", "b@^1.0.0":\n  version "1.0.0"\n  resolved "https://registry.yarnpkg.com/b/-/b-1.0.0.tgz#aa"\n  integrity sha512-x\n\n"@s/c@^2.0.0", "@s/c@~2.1.0":\n  version "2.1.5"\n  resolved "https://registry.yarnpkg.com/@s/c/-/c-2.1.5.tgz#bb"\n  integrity sha512-y\n',
        {("b", "1.0.0"): True, ("@s/c", "2.1.5"): True},
    ),
    "pnpm 9's peers and aliases": (
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\n\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: npm:b@^1.0.0\n        version: b@1.0.0\n      react-dom:\n        specifier: ^18.2.0\n        version: 18.2.0(react@18.2.0)\n\npackages:\n\n  b@1.0.0:\n    resolution: {integrity: sha512-x}\n\n  react-dom@18.2.0:\n    resolution: {integrity: sha512-y}\n    peerDependencies:\n      react: ^18.2.0\n\n  '@s/c@2.0.0':\n    resolution: {integrity: sha512-z}\n\nsnapshots:\n\n  b@1.0.0: {}\n\n  react-dom@18.2.0(react@18.2.0):\n    dependencies:\n      react: 18.2.0\n\n  '@s/c@2.0.0': {}\n",
        {("b", "1.0.0"): True, ("react-dom", "18.2.0"): True, ("@s/c", "2.0.0"): True},
    ),
    "poetry's repositories and folders": (
        "poetry.lock",
        f'[[package]]\nname = "A.b"\nversion = "1.0"\nfiles = [{{file = "a.whl", hash = "sha256:{HEX}"}}]\n\n[[package]]\nname = "g"\nversion = "2.0"\nfiles = []\n[package.source]\ntype = "git"\nurl = "https://forge.example/u/g.git"\nreference = "main"\nresolved_reference = "{SHA}"\n\n[metadata]\nlock-version = "2.0"\n',
        {("a-b", "1.0"): True, ("g", "2.0"): False},
    ),
    "uv's several versions of one name": (
        "uv.lock",
        f'version = 1\n[[package]]\nname = "p"\nversion = "0.1.0"\nsource = {{ editable = "." }}\n\n[[package]]\nname = "numpy"\nversion = "1.26.4"\nsource = {{ registry = "https://pypi.org/simple" }}\nresolution-markers = ["python_full_version < \'3.12\'"]\nwheels = [{{ url = "u", hash = "sha256:{HEX}" }}]\n\n[[package]]\nname = "numpy"\nversion = "2.1.0"\nsource = {{ registry = "https://pypi.org/simple" }}\nsdist = {{ url = "u", hash = "sha256:{HEX}" }}\n',
        {("numpy", "1.26.4"): True, ("numpy", "2.1.0"): True},
    ),
    "Cargo's repositories and members": (
        "Cargo.lock",
        f'version = 3\n\n[[package]]\nname = "p"\nversion = "0.1.0"\n\n[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "{HEX}"\n\n[[package]]\nname = "g"\nversion = "0.2.0"\nsource = "git+https://forge.example/u/g?rev={SHA}#{SHA}"\n',
        {("a", "1.0.0"): True, ("g", "0.2.0"): False},
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", list(LOCKS))
def test_every_locked_package_has_its_own_name_version_and_digest(title):
    name, text, right = LOCKS[title]
    locks = look(tree_of({name: text})).locks

    assert locks[0].read
    found = {(package.name, package.version): package.hashed for package in locks[0].packages}
    assert right == {key: value for key, value in found.items() if key[0] not in ("p", "w")}


RANGES = {
    "a local version of what is vulnerable": ("torch==2.3.1+cu121", [{"introduced": "0"}, {"fixed": "2.4.0"}], 1),
    "a local version of what is mended": ("torch==2.4.0+cu121", [{"introduced": "0"}, {"fixed": "2.4.0"}], 0),
    "a release candidate before the mended release": ("torch==2.4.0rc1", [{"introduced": "0"}, {"fixed": "2.4.0"}], 1),
    "a post release after it": ("torch==2.4.0.post1", [{"introduced": "0"}, {"fixed": "2.4.0"}], 0),
    "an epoch": ("torch==1!1.0", [{"introduced": "0"}, {"fixed": "2.4.0"}], 0),
    "a range that reaches below": ("torch>=2.3", [{"introduced": "0"}, {"fixed": "2.4.0"}], 1),
    "a range that begins at the mended release": ("torch>=2.4", [{"introduced": "0"}, {"fixed": "2.4.0"}], 0),
    "a range that leaves the vulnerable one out": ("torch>=2.3.1,!=2.3.1", [{"introduced": "2.3.1"}, {"last_affected": "2.3.1"}], 0),
    "a compatible range": ("torch~=2.3.0", [{"introduced": "2.4.0"}, {"fixed": "2.4.2"}], 0),
}


@pytest.mark.parametrize("title", list(RANGES))
def test_an_advisory_meets_what_may_be_installed(tmp_path, title):
    line, events, hits = RANGES[title]
    with index_of(tmp_path, advisory(package="torch", events=events)) as index:
        found = match(look(tree_of({"requirements.txt": line + "\n"})), index, NOW)

    assert hits == len(found.hits)


def test_scopes_are_those_of_the_tables():
    text = '[package]\nname = "p"\nversion = "0.1.0"\n[dependencies]\na = { version = "1", optional = true }\n[build-dependencies]\nb = "1"\n[dev-dependencies]\nc = "1"\n'
    manifest = look(tree_of({"Cargo.toml": text})).manifest("Cargo.toml")

    assert {"a": Scope.OPTIONAL, "b": Scope.BUILD, "c": Scope.DEV} == {entry.name: entry.scope for entry in manifest.entries}
