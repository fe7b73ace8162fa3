from __future__ import annotations

import ast
import difflib
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.jobs.recommend.made import advice, after, complaint, facts, gaps, module
from troth.jobs.recommend.facts import Seen
from troth.jobs.recommend.module import shipped
from troth.jobs.recommend.modules.non_root_image import without_root
from troth.jobs.recommend.modules.weights_only import with_weights_only
from troth.jobs.recommend.recommendation import Recommendation

SHA = "a" * 40
CI = ".github/workflows/ci.yml"


def plain(text: str) -> object:
    return yaml.load(text, Loader=yaml.BaseLoader)


def changed_lines(before: str, now: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(), now.splitlines()) if line[:1] in "+-"]


def test_every_module_loads_under_its_own_name_and_there_are_twelve_at_least() -> None:
    names = [one.name for one in shipped()]

    assert names == [module(name).name for name in names]
    assert len(names) >= 12


# --- actions -----------------------------------------------------------------------------------------------------------

PIN = complaint("ci/actions-pinned")


def test_actions_are_pinned_with_their_version_as_a_comment_and_nothing_else_changes() -> None:
    text = "on: push\r\njobs:\r\n  a:\r\n    steps:\r\n      - uses: Actions/Checkout@v4   \r\n      - uses: 'o/n/sub@v1.2'  # keep\r\n      - {uses: o/n@v2, with: {a: b}}\r\n      - uses: ./local\r\n      - uses: docker://x:1\r\n"
    known = {"actions/checkout@v4": SHA, "o/n@v1.2": "b" * 40, "o/n@v2": "c" * 40}
    now = after("pin-actions", facts([PIN], {CI: text}, commits=known))[CI]

    assert f"- uses: Actions/Checkout@{SHA} # v4" in now
    assert f"- uses: 'o/n/sub@{'b' * 40}' # v1.2 # keep" in now
    assert f"- {{uses: o/n@{'c' * 40}, with: {{a: b}}}}" in now
    assert now.count("\r\n") == text.count("\r\n") == now.count("\n")
    assert 6 == len(changed_lines(text, now))
    assert {} == after("pin-actions", facts([PIN], {CI: now}, commits=known))


def test_a_commit_that_nobody_knows_is_a_gap_and_never_invented() -> None:
    given = facts([PIN], {CI: "jobs:\n  a:\n    steps:\n      - uses: o/n@v1\n"})

    assert {} == after("pin-actions", given)
    assert ["o/n@v1" in one.missing for one in gaps("pin-actions", given)] == [True]


@pytest.mark.parametrize("commit", ["", "abc", "z" * 40, SHA + "\n", "v1"])
def test_a_map_that_holds_no_commit_pins_nothing(commit: str) -> None:
    given = facts([PIN], {CI: "jobs:\n  a:\n    steps:\n      - uses: o/n@v1\n"}, commits={"o/n@v1": commit})

    assert {} == after("pin-actions", given)


NAMES = st.sampled_from(["o/n@v1", "O/N@v1", "x/y/z@main", "x/y@v2.1.0", "./here", "docker://a:b", f"o/n@{SHA}"])
STYLES = st.sampled_from(["- uses: {}", "- uses: '{}'", '- uses: "{}"', "- name: é # not a comment\n        uses: {}", "- {{uses: {}}}", "-   uses:   {}   # why", "- # first\n        uses: {}"])
STEPS = st.lists(st.builds(lambda style, name: style.format(name), STYLES, NAMES), min_size=1, max_size=6)
NEWLINES = st.sampled_from(["\n", "\r\n"])
MARKS = st.sampled_from(["", "\ufeff"])


def workflow(steps: list[str], newline: str, mark: str, head: str = "on: [push]\n\n# jobs\njobs:\n  a:\n    runs-on: x\n    steps:\n") -> str:
    return mark + (head + "".join(f"      {step}\n" for step in steps)).replace("\n", newline)


@given(STEPS, NEWLINES, MARKS)
@settings(max_examples=150)
def test_pinning_changes_refs_alone_whatever_the_style(steps: list[str], newline: str, mark: str) -> None:
    known = {"o/n@v1": "1" * 40, "x/y@main": "2" * 40, "x/y@v2.1.0": "3" * 40}
    text = workflow(steps, newline, mark)
    now = after("pin-actions", facts([PIN], {CI: text}, commits=known)).get(CI, text)

    def refs(source: str) -> list[str]:
        return [step["uses"] for step in plain(source.removeprefix("\ufeff"))["jobs"]["a"]["steps"]]  # type: ignore[index,call-overload]

    expected = [use.rpartition("@")[0] + "@" + known.get(f"{'/'.join(use.lower().split('@')[0].split('/')[:2])}@{use.rpartition('@')[2]}", use.rpartition("@")[2]) if "@" in use else use for use in refs(text)]
    assert expected == refs(now)
    assert text.count("\n") == now.count("\n")
    assert text.count("\r") == now.count("\r")
    assert now.startswith(mark)
    assert now == after("pin-actions", facts([PIN], {CI: now}, commits=known)).get(CI, now)


# --- permissions -------------------------------------------------------------------------------------------------------

RIGHTS = complaint("ci/minimal-permissions", (CI, 24, "job x: `id-token: write` is granted and never used"))


def test_a_workflow_reads_and_a_job_gets_what_its_steps_are_known_to_need() -> None:
    text = "on: push\n# the jobs\njobs:\n  test:\n    steps: []\n  release:\n    # first comment\n    runs-on: x\n    steps:\n      - uses: softprops/action-gh-release@v2\n      - uses: pypa/gh-action-pypi-publish@v1\n"
    now = after("limit-permissions", facts([RIGHTS], {CI: text}))[CI]
    told = plain(now)

    assert {"contents": "read"} == told["permissions"]  # type: ignore[index,call-overload]
    assert {"contents": "write", "id-token": "write"} == told["jobs"]["release"]["permissions"]  # type: ignore[index,call-overload]
    assert "permissions" not in told["jobs"]["test"]  # type: ignore[index,call-overload,operator]
    assert all(line.startswith("+") for line in changed_lines(text, now))
    assert {} == after("limit-permissions", facts([RIGHTS], {CI: now}))


def test_write_all_becomes_reading_and_its_comment_stays() -> None:
    text = "on: push\npermissions: write-all  # everything\njobs:\n  a:\n    permissions: write-all\n    steps:\n      - run: git push\n"
    now = after("limit-permissions", facts([RIGHTS], {CI: text}))[CI]

    assert {"contents": "read"} == plain(now)["permissions"]  # type: ignore[index,call-overload]
    assert {"contents": "write"} == plain(now)["jobs"]["a"]["permissions"]  # type: ignore[index,call-overload]
    assert "# everything" in now


@given(STEPS, NEWLINES, MARKS)
@settings(max_examples=80)
def test_limiting_rights_only_adds_lines(steps: list[str], newline: str, mark: str) -> None:
    text = workflow([*steps, "- run: gh pr comment 1"], newline, mark)
    now = after("limit-permissions", facts([RIGHTS], {CI: text}))[CI]
    before, told = plain(text.removeprefix("\ufeff")), plain(now.removeprefix("\ufeff"))

    assert {"contents": "read", "pull-requests": "write"} == told["jobs"]["a"].pop("permissions")  # type: ignore[index,call-overload]
    assert {"contents": "read"} == told.pop("permissions")  # type: ignore[attr-defined]
    assert before == told
    assert all(line.startswith("+") for line in changed_lines(text, now))
    assert now.count("\n") == now.count(newline)
    assert {} == after("limit-permissions", facts([RIGHTS], {CI: now}))


# --- scanners ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says", "expected"),
    [
        ("      - run: bandit -r src || true", "its failure is swallowed: || true", "      - run: bandit -r src"),
        ("      - run: bandit -r src || true  # later", "its failure is swallowed: || true", "      - run: bandit -r src  # later"),
        ('      - run: "bandit -r src || true"', "its failure is swallowed: || true", '      - run: "bandit -r src"'),
        ("          bandit -r a || echo 'found something'", "its failure is swallowed: || echo found something", "          bandit -r a"),
        ("        continue-on-error: true", "its failure is swallowed: continue-on-error: true", "        continue-on-error: false"),
        ("        continue-on-error: true", "continue-on-error: true: its failure does not count", "        continue-on-error: false"),
        ("      - run: ruff check --exit-zero --select S", "ruff never fails with --exit-zero", "      - run: ruff check --select S"),
        ("      - run: semgrep scan --config auto", "semgrep passes whatever it finds without --error", "      - run: semgrep scan --error --config auto"),
        ("      - run: trivy fs .", "trivy passes whatever it finds without --exit-code", "      - run: trivy fs --exit-code 1 ."),
        ("          no-fail: 'true'", "hadolint with `no-fail: true` stops nothing", "          no-fail: 'false'"),
    ],
)
def test_what_swallows_a_scanner_s_failure_is_taken_out(line: str, says: str, expected: str) -> None:
    head = "on: push\njobs:\n  a:\n    steps:\n"
    text = head + line + "\n" if line.lstrip().startswith("-") else head + "      - name: x\n        run: |\n" + line + "\n" if line.startswith("          bandit") else head + "      - uses: a/b@v1\n" + ("        with:\n" if "no-fail" in line else "") + line + "\n"
    at = text.splitlines().index(line) + 1
    one = complaint("code/scan-tool-runs", (CI, at, says), how="toothless")
    now = after("scanner-can-fail", facts([one], {CI: text}))[CI]

    assert text.replace(line, expected) == now
    assert {} == after("scanner-can-fail", facts([complaint("code/scan-tool-runs", (CI, at, says))], {CI: now}))


USES = "on: push\njobs:\n  a:\n    steps:\n      - name: look\n        uses: aquasecurity/trivy-action@v1\n"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("", "        with:\n          exit-code: '1'\n"),
        ("        with:\n          scan-type: fs\n", "        with:\n          exit-code: '1'\n          scan-type: fs\n"),
        ("        with:\n          exit-code: 0\n          scan-type: fs\n", "        with:\n          exit-code: '1'\n          scan-type: fs\n"),
        ("        if: always()\n", "        with:\n          exit-code: '1'\n        if: always()\n"),
        ("        with: {scan-type: fs}\n", None),
    ],
)
def test_an_action_gets_the_input_without_which_it_passes_whatever_it_finds(before: str, expected: str | None) -> None:
    text = USES + before + "      - run: make\n"
    one = complaint("container/scan", (CI, 6, "trivy passes whatever it finds without `exit-code`"), how="toothless")

    assert ({CI: text} if expected is None else {CI: USES + expected + "      - run: make\n"}) == {CI: text} | after("scanner-can-fail", facts([one], {CI: text}))


@pytest.mark.parametrize(("listed", "expected"), [(True, "      - run: pip-audit -r requirements.txt --progress-spinner off\n"), (False, None)])
def test_a_scanner_of_an_empty_environment_is_told_of_the_project_s_list(listed: bool, expected: str | None) -> None:
    head, line = "on: push\njobs:\n  a:\n    steps:\n", "      - run: pip-audit --progress-spinner off\n"
    one = complaint("deps/vuln-scan", (CI, 5, "pip-audit scans the environment, and nothing of the project is installed in it: it scans itself"), how="toothless")
    told = facts([one], {CI: head + line} | ({"requirements.txt": "click==8\n"} if listed else {}))

    assert ({} if expected is None else {CI: head + expected}) == after("scanner-can-fail", told)


def test_an_echo_that_is_no_fallback_stays() -> None:
    text = "on: push\njobs:\n  a:\n    steps:\n      - run: bandit -r src || echo x | tee y\n"
    one = complaint("code/scan-tool-runs", (CI, 5, "its failure is swallowed: || echo x"))

    assert {} == after("scanner-can-fail", facts([one], {CI: text}))


def test_evidence_whose_line_has_changed_is_not_followed() -> None:
    text = "on: push\njobs:\n  a:\n    steps:\n      - run: make || true\n"
    seen = Seen(CI, 5, "its failure is swallowed: || true", "- run: bandit -r . || true")
    one = replace(complaint("code/scan-tool-runs"), evidence=(seen,))

    assert {} == after("scanner-can-fail", facts([one], {CI: text}))


# --- triggers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("on: push", {"push": "", "pull_request": ""}),
        ("on: [push, workflow_dispatch]", ["push", "workflow_dispatch", "pull_request"]),
        ("on:\n  - push", ["push", "pull_request"]),
        ("on:\n  push:\n    branches: [main]", {"push": {"branches": ["main"]}, "pull_request": ""}),
        ("'on':\n    push:  # x", {"push": "", "pull_request": ""}),
        ("on: # why\n  push:\n", {"push": "", "pull_request": ""}),
    ],
)
def test_pull_requests_start_the_scan_where_the_sentence_says_every_pr(on: str, expected: object) -> None:
    text = f"name: x\n{on}\n\njobs:\n  a:\n    steps:\n      - run: bandit -r .\n"
    at = text.splitlines().index("      - run: bandit -r .") + 1
    one = complaint("code/scan-tool-runs", (CI, at, "bandit is called"), because="bandit runs, but not (always) on pull requests.", how="incomplete", on=["pull_request"])
    now = after("widen-trigger", facts([one], {CI: text}))[CI]

    assert expected == plain(now)["on"]  # type: ignore[index,call-overload]
    assert {} == after("widen-trigger", facts([one], {CI: now}))


def test_a_weekly_scan_gets_a_schedule_and_a_path_filter_goes() -> None:
    text = "on:\n  push:\n    paths:\n      - '**.py'  # only\n    branches: [main]\njobs:\n  a:\n    steps:\n      - run: bandit -r .\n"
    weekly = complaint("code/scan-tool-runs", (CI, 9, "bandit is called"), because="bandit runs, but not (always) on a weekly schedule.", schedule="weekly")
    every = complaint("deps/vuln-scan", (CI, 4, "push starts it only for **.py"), because="A change of the dependencies alone does not start the scan.", line=2)
    told = plain(after("widen-trigger", facts([weekly, every], {CI: text}))[CI])

    assert {"branches": ["main"]} == told["on"]["push"]  # type: ignore[index,call-overload]
    assert [{"cron": "23 4 * * 1"}] == told["on"]["schedule"]  # type: ignore[index,call-overload]


@pytest.mark.parametrize("inputs", ["", "        with:\n          submodules: true\n", "        with:\n          fetch-depth: 1  # fast\n"])
def test_the_secret_scan_gets_the_whole_history(inputs: str) -> None:
    text = f"on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n{inputs}      - run: gitleaks detect\n"
    says = "fetch-depth: 1" if "fetch" in inputs else "only the last commit is checked out"
    one = complaint("secrets/scan-history", (CI, 7 if "fetch" in inputs else 5, says))
    now = after("full-history", facts([one], {CI: text}))[CI]

    assert "0" == plain(now)["jobs"]["a"]["steps"][0]["with"]["fetch-depth"]  # type: ignore[index,call-overload]
    assert "submodules" not in inputs or "submodules: true" in now


# --- update bot --------------------------------------------------------------------------------------------------------

BOT = complaint("deps/update-bot", cadence="weekly", text="Dependabot weekly.")


def test_a_bot_s_file_is_made_for_what_the_tree_holds() -> None:
    given = facts([BOT], {}, more=("pyproject.toml", "web/package.json", "tests/app/package.json", CI, "Dockerfile"))
    told = plain(after("update-bot", given)[".github/dependabot.yml"])

    assert {("pip", "/"), ("npm", "/web"), ("github-actions", "/"), ("docker", "/")} == {(rule["package-ecosystem"], rule["directory"]) for rule in told["updates"]}  # type: ignore[index,call-overload]
    assert {"weekly"} == {rule["schedule"]["interval"] for rule in told["updates"]}  # type: ignore[index,call-overload]


@pytest.mark.parametrize("indent", ["", "  ", "    "])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["\n", "", "\n\n# the end\n"])
def test_a_bot_s_file_is_mended_in_place(indent: str, newline: str, end: str) -> None:
    text = f'version: 2  # v2\nupdates:\n{indent}- package-ecosystem: "pip"\n{indent}  directory: /\n{indent}  schedule:\n{indent}    interval: "monthly"  # slow\n{indent}  open-pull-requests-limit: 0{end}'.replace("\n", newline)
    given = facts([BOT], {".github/dependabot.yml": text}, more=("pyproject.toml", CI))
    now = after("update-bot", given)[".github/dependabot.yml"]
    rules = plain(now)["updates"]  # type: ignore[index,call-overload]

    assert [("pip", "weekly"), ("github-actions", "weekly")] == [(rule["package-ecosystem"], rule["schedule"]["interval"]) for rule in rules]  # type: ignore[index,call-overload]
    assert "5" == rules[0]["open-pull-requests-limit"]  # type: ignore[index,call-overload]
    assert 'interval: "weekly"  # slow' in now
    assert now.count("\n") == now.count(newline)
    assert {} == after("update-bot", facts([BOT], {".github/dependabot.yml": now}, more=("pyproject.toml", CI)))


# --- files -------------------------------------------------------------------------------------------------------------

IGNORE = complaint("secrets/env-ignored", files=[".env", "secrets.yaml", "../x", "a\nb", ".env.example"])


@given(st.lists(st.sampled_from([".env", "!.env", "# x", "secrets.yaml", "", "*.pyc", "/secrets.yaml"]), max_size=6), NEWLINES, st.booleans())
@settings(max_examples=120)
def test_secret_files_end_up_ignored_and_what_was_there_stays(lines: list[str], newline: str, ended: bool) -> None:
    text = newline.join(lines) + (newline if ended and lines else "")
    now = after("ignore-secret-files", facts([IGNORE], {".gitignore": text})).get(".gitignore", text)

    assert now.startswith(text)
    rules = [line for line in now.replace("\r\n", "\n").split("\n") if line]
    last = [rule for rule in rules if rule in (".env", "!.env")]
    assert ".env" == last[-1]
    assert "secrets.yaml" in rules or "/secrets.yaml" in rules
    assert "../x" not in now
    assert now == after("ignore-secret-files", facts([IGNORE], {".gitignore": now})).get(".gitignore", now)


def test_a_committed_secret_is_a_gap_and_no_patch_prints_it() -> None:
    one = complaint("secrets/env-ignored", (".env", 0, "It is committed."), files=[".env"])
    given = facts([one], {".gitignore": ".env\n"}, more=(".env",))

    assert [] == [item for item in advice("ignore-secret-files", given) if isinstance(item, Recommendation)]
    assert ["git rm --cached" in gap.missing for gap in gaps("ignore-secret-files", given)] == [True]


CALLS = st.sampled_from(
    ["torch.load(p)", "torch.load(p, map_location='cpu')", "torch.load(\n    p,\n    map_location=f('x'),  # where\n)", "torch.load(p, weights_only=False)", "torch.load(p,)", "torch.load(p, **kw)", "torch.load((p))",
     "torch.load(p  # a, comment\n)", "torch.load(\n    p\n)", "torch.load(f\"é{p}\", map_location=None)", "t.load(p)", "load(p)", "np.load(p)", "torch.load(open(p, 'rb'), weights_only=True)", "torch.load(torch.load(p).name)", "torch.load()", "torch.load((p), )"]
)  # fmt: skip


@given(st.lists(CALLS, min_size=1, max_size=5), NEWLINES, MARKS)
@settings(max_examples=200)
def test_every_torch_load_is_told_and_nothing_else_of_the_program_changes(calls: list[str], newline: str, mark: str) -> None:
    text = mark + ("import torch, torch as t\nfrom torch import load\nimport numpy as np\n" + "".join(f"ü{at} = {call}\n" for at, call in enumerate(calls))).replace("\n", newline)
    now = with_weights_only(text)

    assert now is not None
    before, told = ast.parse(text.removeprefix("\ufeff")), ast.parse(now.removeprefix("\ufeff"))
    loads = [node for node in ast.walk(told) if isinstance(node, ast.Call) and ast.unparse(node.func) in ("torch.load", "t.load", "load")]
    for node in loads:
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        assert None in words or not (node.args or node.keywords) or ast.unparse(words["weights_only"]) == "True"
    for tree in (before, told):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                node.keywords = [keyword for keyword in node.keywords if keyword.arg != "weights_only"]
    assert ast.dump(before) == ast.dump(told)
    assert now.count("\n") == now.count(newline)
    assert now == with_weights_only(now)


DOCKER = st.lists(st.sampled_from(["FROM a", "FROM b AS c", "RUN x \\\n  && y", "USER root", "USER app", "CMD [\"x\"]", "ENTRYPOINT x", "# USER no", "", "COPY a b", "RUN <<EOF\nUSER fake\nCMD no\nEOF", "user 0:0", "USER $WHO"]), max_size=9)


@given(DOCKER, NEWLINES, st.booleans())
@settings(max_examples=200)
def test_the_last_stage_ends_as_somebody_else_than_root(lines: list[str], newline: str, ended: bool) -> None:
    text = "\n".join(lines).replace("\n", newline) + (newline if ended and lines else "")
    now = without_root(text)
    added = [line for line in changed_lines(text, now) if line.startswith("+")]

    assert now == without_root(now)
    assert len(added) <= 1 + (not ended)
    if now != text:
        assert "USER 10001:10001" in now
        last_from = max(at for at, line in enumerate(now.splitlines()) if line.upper().startswith("FROM"))
        assert now.splitlines().index("USER 10001:10001") > last_from
    elif any(line.startswith("FROM") for line in lines):
        stage = lines[max(at for at, line in enumerate(lines) if line.startswith("FROM")) :]
        assert [line for line in stage if line.lower().startswith("user")][-1] in ("USER app", "USER $WHO")


def test_a_model_file_is_moved_without_its_bytes() -> None:
    one = complaint("model/lfs-stored", ("models/m.pt", 0, "is in git itself, not in LFS"))
    (made,) = [item for item in advice("quarantine-model", facts([one], {}, more=("models/m.pt",))) if isinstance(item, Recommendation)]

    assert "rename from models/m.pt\nrename to quarantine/models/m.pt.quarantined\n" in made.patch


def test_a_link_is_mended_where_the_tree_holds_one_file_of_that_name() -> None:
    one = complaint("policy/references-live", ("docs/SECURITY.md", 2, "../HELP.md points to HELP.md, which is not in the tree."))
    given = facts([one], {"docs/SECURITY.md": "x\nsee [help](../HELP.md#top).\n"}, more=("guide/HELP.md",))

    assert {"docs/SECURITY.md": "x\nsee [help](../guide/HELP.md#top).\n"} == after("live-links", given)
