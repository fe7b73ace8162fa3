"""Modules in their processes: what they reach, and what of their answers is believed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.jobs.recommend.made import complaint, facts, module
from troth.guard.sandbox import SandboxError
from troth.jobs.recommend.checking import checked, safe_path
from troth.jobs.recommend.diffs import Version, file_diff
from troth.jobs.recommend.facts import Facts, SourceFile, digest
from troth.jobs.recommend.guarded import Guarded
from troth.jobs.recommend.host import Program, PythonModule, ask
from troth.jobs.recommend.isolation import Bubblewrap, IsolationError, Limits, PlainProcess, chosen
from troth.jobs.recommend.module import Reference, shipped
from troth.jobs.recommend.recommendation import (
    FileChange,
    ForgeAction,
    Proof,
    Recommendation,
    RecommendationError,
)
from troth.jobs.recommend.wire import advice_to_json, facts_from_json, facts_to_json, read_advice

ROOT = Path(__file__).resolve().parents[3]
CI = ".github/workflows/ci.yml"
TEXT = "on: push\njobs:\n  a:\n    steps:\n      - uses: o/n@v1\n"
GIVEN = facts([complaint("ci/actions-pinned")], {CI: TEXT}, commits={"o/n@v1": "a" * 40})
FORBIDDEN = ("permits", "executor", "handlers", "lane", "tables", "egress", "session", "request", "registry", "handler")


def sandbox() -> Bubblewrap:
    try:
        return Bubblewrap()
    except IsolationError as error:
        pytest.skip(str(error))


def test_no_module_s_process_ever_holds_what_could_act() -> None:
    probe = (
        "import sys\nfrom troth.jobs.recommend.module import shipped, loaded\nfrom troth.jobs.recommend import runner\n"
        "[loaded(one) for one in shipped()]\nprint('\\n'.join(name for name in sys.modules if name.startswith('troth')))"
    )
    loaded = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True, check=True).stdout.split()

    assert "troth.jobs.recommend.modules.pin_actions" in loaded
    for name in loaded:
        assert not name.startswith(("troth.store", "troth.ledger", "troth.durable", "troth.app", "troth.web", "troth.engines", "troth.check", "troth.guard"))
        assert not name.startswith(tuple(f"troth.jobs.{word}" for word in FORBIDDEN))


def test_the_import_contract_names_everything_that_could_act() -> None:
    contract = (ROOT / ".importlinter").read_text().partition("modules-recommend-only]")[2].partition("\n[")[0]

    for name in ("troth.jobs.permits", "troth.jobs.executor", "troth.jobs.handlers", "troth.store", "troth.ledger", "troth.durable", "troth.engines", "troth.app", "subprocess", "socket"):
        assert f"\n    {name}\n" in contract, name


def guarded() -> Guarded:
    try:
        return Guarded()
    except IsolationError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("lane", ["process", "bubblewrap", "guard"])
def test_a_shipped_module_answers_through_its_process(lane: str) -> None:
    place = {"bubblewrap": sandbox, "guard": guarded, "process": PlainProcess}[lane]()
    reference = next(one for one in shipped() if one.name == "pin-actions")
    told = ask([PythonModule(reference, place)], replace(GIVEN, files={}), GIVEN.files.get)

    assert () == told.failures
    assert [f"o/n@{'a' * 40} # v1" in one.patch for one in told.recommendations] == [True]


HOSTILE = """#!{python} -I
import json, os, socket, sys
told = json.loads(sys.stdin.read())
if told["ask"] == "describe":
    print(json.dumps({{"protocol": 1, "name": "hostile", "controls": ["*"], "wants": ["*"]}}))
    sys.exit()
seen = {{"environment": sorted(set(os.environ) - {{"LC_ALL", "PWD", "PYTHONDONTWRITEBYTECODE", "LC_CTYPE"}}), "descriptors": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 3)}}
for name, path in (("secret", {secret!r}), ("tree", {tree!r}), ("passwd", "/etc/passwd"), ("shadow", "/etc/shadow")):
    try:
        seen[name] = open(path).read()[:10]
    except OSError as error:
        seen[name] = ""
try:
    socket.create_connection(("127.0.0.1", {port}), 2)
    seen["network"] = "open"
except OSError:
    seen["network"] = ""
for name in ("/nowhere/x", "/tmp/x", {tree!r} + "x"):
    try:
        open(name, "w"); seen.setdefault("wrote", []).append(name)
    except OSError:
        pass
try:
    seen["processes"] = len([pid for pid in os.listdir("/proc") if pid.isdigit()])
except OSError:
    seen["processes"] = 0
gap = {{"kind": "gap", "module": "hostile", "mends": [told["facts"]["complaints"][0]["fingerprint"]], "missing": json.dumps(seen), "because": "x"}}
print(json.dumps({{"protocol": 1, "advice": [gap]}}))
"""


def program(folder: Path, text: str) -> Path:
    folder.mkdir()
    path = folder / "module"
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_a_program_of_somebody_else_s_reaches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setenv("TROTH_TOKEN", "super-secret-token")
    secret, tree = tmp_path / "secret", tmp_path / "tree"
    secret.write_text("hunter2")
    tree.write_text("text")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        text = HOSTILE.format(python=os.path.realpath(sys.executable), secret=str(secret), tree=str(tree), port=listener.getsockname()[1])
        path = program(tmp_path / "m", text)
        lane = sandbox()
        if not os.path.realpath(sys.executable).startswith("/usr"):
            lane = _with_python(lane)
        told = ask([Program(path, lane)], replace(GIVEN, files={}), GIVEN.files.get)

    assert () == told.failures
    seen = json.loads(told.gaps[0].missing)
    assert seen == {"environment": [], "descriptors": [], "secret": "", "tree": "", "passwd": "", "shadow": "", "network": "", "processes": seen["processes"]}
    assert seen["processes"] <= 3


THEIRS = """
import json, os, socket
from troth.jobs.recommend.recommendation import Gap


class Theirs:
    name, controls, wants = "theirs", ("*",), ()

    def recommend(self, facts):
        seen = {"environment": sorted(os.environ)}
        for what, attempt in (("secret", lambda: open(%(secret)r).read()), ("passwd", lambda: open("/etc/passwd").read()), ("write", lambda: open("/tmp/x", "w")), ("net", lambda: socket.create_connection(("127.0.0.1", %(port)d), 2)), ("run", lambda: os.system("true") and 1 / 0), ("troth", lambda: __import__("troth.store")), ("permits", lambda: __import__("troth.jobs.permits"))):
            try:
                attempt()
                seen[what] = "open"
            except BaseException as error:
                seen[what] = ""
        return [Gap("theirs", (facts.complaints[0].fingerprint,), json.dumps(seen), "x")]


MODULE = Theirs()
"""


def test_a_module_of_another_package_reaches_nothing_in_the_guard_s_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    lane = guarded()
    monkeypatch.setenv("TROTH_TOKEN", "super-secret-token")
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    package = tmp_path / "their_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (package / "mod.py").write_text(THEIRS % {"secret": str(secret), "port": listener.getsockname()[1]})
        told = ask([PythonModule(Reference("theirs", "their_package.mod:MODULE", "their-package"), lane)], replace(GIVEN, files={}), GIVEN.files.get)

    assert () == told.failures
    seen = json.loads(told.gaps[0].missing)
    assert {"secret": "", "passwd": "", "write": "", "net": "", "run": "", "troth": "", "permits": ""} == {name: value for name, value in seen.items() if name != "environment"}
    assert "TROTH_TOKEN" not in seen["environment"]


def _with_python(lane: Bubblewrap) -> Bubblewrap:
    """The interpreter of this machine lies outside /usr; a test's program needs it."""
    plain = lane.run

    class Wider(Bubblewrap):
        def run(self, command, content, readable, limits):
            from troth.jobs.recommend.isolation import python_files

            return plain(command, content, (*readable, *python_files()), limits)

    return Wider()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import time; time.sleep(60)", "module-time"),
        ("import sys; sys.exit(3)", "module-failed"),
        ("print('x' * 20000000)", "module-failed"),
        ("x = bytearray(4 * 1024**3)", "module-failed"),
        ("print('{}')", "answer-form"),
        ("print('not json')", "not-json"),
        ("print('{\"protocol\": 1, \"protocol\": 1, \"advice\": []}')", "duplicate-key"),
        ("import os, time\nif os.fork() == 0:\n    time.sleep(60)\nprint('nothing')", "not-json"),
    ],
)
def test_a_module_that_misbehaves_costs_only_its_own_advice(tmp_path: Path, body: str, reason: str) -> None:
    class Broken(PythonModule):
        controls = ("*",)
        wants = ()

        def exchange(self, content: bytes) -> bytes:
            return PlainProcess().run([sys.executable, "-I", "-c", body], content, (), Limits(seconds=2))

    good = next(one for one in shipped() if one.name == "pin-actions")
    told = ask([Broken(Reference("broken", "x:y"), PlainProcess()), PythonModule(good, PlainProcess())], replace(GIVEN, files={}), GIVEN.files.get)

    assert ["broken"] == [one.module for one in told.failures]
    assert f"({reason})" in told.failures[0].because
    assert 1 == len(told.recommendations)


def test_a_module_of_another_package_does_not_run_in_a_weak_lane() -> None:
    with pytest.raises(RecommendationError, match="strong"):
        PythonModule(Reference("theirs", "theirs:MODULE", "their-package"), PlainProcess())


def test_without_a_sandbox_modules_are_refused_and_not_run_with_less(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(IsolationError, match="not installed"):
        chosen("bubblewrap")


def test_where_a_wall_of_the_guard_s_sandbox_is_missing_modules_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise SandboxError("landlock", "no Landlock here")

    monkeypatch.setattr("troth.jobs.recommend.guarded.Sandbox", missing)

    with pytest.raises(IsolationError, match="cannot be raised"):
        chosen()


def test_a_sandbox_that_leaks_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text('#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift\nexec "$@"\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(Bubblewrap, "_proven", False)

    with pytest.raises(IsolationError, match="hold a probe back"):
        Bubblewrap()


def sound() -> Recommendation:
    (made,) = module("pin-actions").recommend(GIVEN)
    assert isinstance(made, Recommendation)
    return made


def test_facts_and_advice_cross_the_wire_unchanged() -> None:
    assert GIVEN == facts_from_json(json.loads(json.dumps(facts_to_json(GIVEN))))
    assert (sound(),) == read_advice(json.dumps({"protocol": 1, "advice": [advice_to_json(sound())]}).encode())


NEW = file_diff(None, Version("x.yml", "a: [\n"))
EVIL = file_diff(None, Version(".git/hooks/post-checkout", "#!/bin/sh\n"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"module": "other"}, "module-name"),
        ({"mends": ()}, "mends"),
        ({"mends": ("unknown",)}, "mends"),
        ({"patch": "", "files": ()}, "either"),
        ({"action": ForgeAction("open-issue")}, "either"),
        ({"title": "a\nb"}, "title"),
        ({"evidence": (Proof("file", CI, "0" * 64),)}, "evidence"),
        ({"evidence": (Proof("file", CI, digest(TEXT), "not there"),)}, "evidence"),
        ({"evidence": (Proof("http", "https://x", digest(TEXT)),)}, "evidence"),
        ({"files": ()}, "files"),
        ({"files": (FileChange(CI, "0" * 64, "0" * 64),)}, "before"),
        ({"files": (FileChange(CI, digest(TEXT), "0" * 64),)}, "after"),
        ({"patch": NEW, "files": (FileChange("x.yml", "", digest("a: [\n")),)}, "unreadable"),
        ({"patch": EVIL, "files": (FileChange(".git/hooks/post-checkout", "", digest("#!/bin/sh\n")),)}, "path"),
        ({"patch": file_diff(Version("secret", "a\n"), Version("secret", "b\n")), "files": (FileChange("secret", digest("a\n"), digest("b\n")),)}, "path"),
        ({"patch": file_diff(Version("nothing.bin", ""), Version("q.bin", "")), "files": (FileChange("q.bin", "", "", source="nothing.bin"),)}, "move"),
        ({"patch": "rubbish"}, "patch"),
    ],
)
def test_advice_that_does_not_hold_is_refused_whole(changes: dict[str, object], reason: str) -> None:
    assert sound() == checked(sound(), GIVEN, "pin-actions")

    with pytest.raises(RecommendationError) as caught:
        checked(replace(sound(), **changes), GIVEN, "pin-actions")  # type: ignore[arg-type]
    assert reason == caught.value.reason


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../x", ".git/config", ".GIT/x", "a/.git/x", "git~1/x", "a//b", "./a", "a\\b", "c:/x", "a\x00b", ".git /x", ".git./x", "", "a\nb", ".g\u200cit/config"])
def test_paths_that_leave_the_tree_or_enter_git_s_own_folder_are_no_paths(path: str) -> None:
    assert not safe_path(path)


@pytest.mark.parametrize("path", [".github/workflows/ci.yml", ".gitignore", "a b/é.txt", "x", ".gitattributes"])
def test_ordinary_paths_are_paths(path: str) -> None:
    assert safe_path(path)


def test_files_are_handed_over_only_where_a_module_wants_them() -> None:
    asked: list[str] = []

    def read(path: str) -> SourceFile | None:
        asked.append(path)
        return GIVEN.files.get(path)

    paths = {CI: "100644", ".env": "100644", "link": "120000", "SECURITY.md": "100644"}
    reference = next(one for one in shipped() if one.name == "pin-actions")
    ask([PythonModule(reference, PlainProcess())], Facts(GIVEN.complaints, {}, paths, {}), read)

    assert [CI, "SECURITY.md"] == sorted(asked)


PERL = r'''#!/usr/bin/perl
use strict; use warnings; use JSON::PP; use Digest::SHA qw(sha256_hex); use Encode qw(encode_utf8);
local $/; my $told = decode_json(<STDIN>);
if ($told->{ask} eq 'describe') { print encode_json({protocol => 1, name => 'pin-in-perl', controls => ['ci/actions-pinned'], wants => ['.github/workflows/*.yml']}); exit; }
my $facts = $told->{facts}; my @advice;
for my $file (@{$facts->{files}}) {
    my $text = $file->{text};
    my @lines = split /^/, $text;
    for my $at (0 .. $#lines) {
        next unless $lines[$at] =~ /uses: (\S+)\@(\S+)$/ and my $commit = $facts->{commits}{"$1\@$2"};
        (my $new = $lines[$at]) =~ s/\@(\S+)$/\@$commit # $1/;
        my ($low, $high) = ($at > 3 ? $at - 3 : 0, $at + 3 > $#lines ? $#lines : $at + 3);
        my $count = $high - $low + 1; my $first = $low + 1;
        my $hunk = join '', map { $_ == $at ? "-$lines[$_]+$new" : " $lines[$_]" } $low .. $high;
        my $path = $file->{path}; my @now = @lines; $now[$at] = $new;
        push @advice, {kind => 'recommendation', module => 'pin-in-perl', title => 'Pin an action', why => 'A tag can be moved.', mends => [map { $_->{fingerprint} } @{$facts->{complaints}}], risk => 'low',
            evidence => [{kind => 'file', locator => $path, sha256 => $file->{sha256}, quote => '', says => 'not pinned'}],
            patch => "diff --git a/$path b/$path\n--- a/$path\n+++ b/$path\n\@\@ -$first,$count +$first,$count \@\@\n$hunk",
            files => [{path => $path, before => $file->{sha256}, after => sha256_hex(encode_utf8(join '', @now)), mode => $file->{mode}, source => ''}], action => undef, cautions => []};
    }
}
print encode_json({protocol => 1, advice => \@advice});
'''
NODE = r'''#!/usr/bin/node
const told = JSON.parse(require("fs").readFileSync(0, "utf8"));
if (told.ask === "describe") { console.log(JSON.stringify({protocol: 1, name: "pin-in-node", controls: ["ci/actions-pinned"], wants: [".github/workflows/*.yml"]})); process.exit(0); }
const sha = (text) => require("crypto").createHash("sha256").update(text, "utf8").digest("hex");
const advice = [];
for (const file of told.facts.files) {
  const lines = file.text.match(/[^\n]*\n|[^\n]+/g) || [];
  lines.forEach((line, at) => {
    const found = /uses: (\S+)@(\S+)\n?$/.exec(line), commit = found && told.facts.commits[`${found[1]}@${found[2]}`];
    if (!commit) return;
    const now = line.replace(`@${found[2]}`, `@${commit} # ${found[2]}`), low = Math.max(0, at - 3), high = Math.min(lines.length - 1, at + 3), count = high - low + 1;
    let hunk = ""; for (let one = low; one <= high; one++) hunk += one === at ? `-${lines[one]}+${now}` : ` ${lines[one]}`;
    advice.push({kind: "recommendation", module: "pin-in-node", title: "Pin an action", why: "A tag can be moved.", mends: told.facts.complaints.map((one) => one.fingerprint), risk: "low",
      evidence: [{kind: "file", locator: file.path, sha256: file.sha256, quote: "", says: "not pinned"}],
      patch: `diff --git a/${file.path} b/${file.path}\n--- a/${file.path}\n+++ b/${file.path}\n@@ -${low + 1},${count} +${low + 1},${count} @@\n${hunk}`,
      files: [{path: file.path, before: file.sha256, after: sha(lines.map((other, place) => place === at ? now : other).join("")), mode: file.mode, source: ""}], action: null, cautions: []});
  });
}
console.log(JSON.stringify({protocol: 1, advice}));
'''


@pytest.mark.parametrize(("language", "text"), [("perl", PERL), ("node", NODE)])
def test_a_module_in_another_language_recommends_what_holds(language: str, text: str, tmp_path: Path) -> None:
    interpreter = f"/usr/bin/{language}"
    if not os.path.isfile(interpreter) or subprocess.run([interpreter, "-e", "use JSON::PP;" if language == "perl" else "0"], capture_output=True).returncode:
        pytest.skip(f"there is no {interpreter} here, with what the module needs")
    made = Program(program(tmp_path / "m", text), sandbox(), Limits(memory_bytes=64 << 30) if language == "node" else None)
    told = ask([made], replace(GIVEN, files={}), GIVEN.files.get)

    assert () == told.failures
    assert [(f"pin-in-{language}", True)] == [(one.module, f"+      - uses: o/n@{'a' * 40} # v1\n" in one.patch) for one in told.recommendations]
    lying = Program(program(tmp_path / "l", text.replace("sha256_hex(encode_utf8(join '', @now))", "'0' x 64").replace("after: sha(", 'after: "0".repeat(64) || sha(')), sandbox(), made._limits)
    assert [f"pin-in-{language}"] == [one.module for one in ask([lying], replace(GIVEN, files={}), GIVEN.files.get).failures], "a digest that is not true is believed"
