"""What is done to the workflow around the command: events, filters, conditions, matrices, called workflows."""

from __future__ import annotations

from tests.controls.fooling.form import BANDIT, SOURCE, Fooling, steps, workflow

SCAN = steps("pip install bandit", "bandit -r src")
HONEST = workflow(SCAN)
IN_CI = ("code/scan-tool-runs", "Bandit runs in CI")
CODEQL = ("code/scan-tool-runs", "CodeQL analysis runs on every pull request")
INIT = "- uses: github/codeql-action/init@v3\n  with:\n    languages: python"
ANALYZE = "- uses: github/codeql-action/analyze@v3"


def _job(name: str, keys: str) -> Fooling:
    return Fooling(name, *BANDIT, workflow(SCAN, job=keys), HONEST)


def _event(name: str, on: str, promise: tuple[str, str] = BANDIT) -> Fooling:
    return Fooling(name, *promise, workflow(SCAN, on=on), HONEST)


def _codeql(name: str, *body: str, **more: str) -> Fooling:
    return Fooling(name, *CODEQL, {**workflow(steps(*body)), **more}, workflow(steps(INIT, ANALYZE)))


FOOLINGS = [
    _job("a job that is off", "if: false"),
    _job("off in an expression", "if: ${{ false }}"),
    _job("off as a text", 'if: "false"'),
    _job("a comparison that is never true", "if: ${{ 1 == 2 }}"),
    _job("an event that there is not", "if: github.event_name == 'never'"),
    _job("two events at once", "if: github.event_name == 'push' && github.event_name == 'pull_request'"),
    _job("another repository", "if: github.repository == 'somebody/else-entirely' && false"),
    _job("on and off", "if: ${{ true && !true }}"),
    _job("an empty matrix", "strategy:\n  matrix:\n    python: []"),
    _job("an empty matrix from JSON", "strategy:\n  matrix:\n    python: ${{ fromJSON('[]') }}"),
    _job("a matrix whose only entry is left out", "strategy:\n  matrix:\n    python: ['3.12']\n    exclude:\n      - python: '3.12'"),
    _job("a job that may fail", "continue-on-error: true"),
    _job("a job that may fail, in an expression", "continue-on-error: ${{ true }}"),
    Fooling("a step that may fail, in an expression", *BANDIT, workflow(steps("pip install bandit", "- run: bandit -r src\n  continue-on-error: ${{ true }}")), HONEST),
    Fooling("a step that is off", *BANDIT, workflow(steps("pip install bandit", "- run: bandit -r src\n  if: ${{ always() && false }}")), HONEST),
    Fooling("a step for failures only", *BANDIT, workflow(steps("pip install bandit", "- run: bandit -r src\n  if: failure()")), HONEST),
    Fooling("a job behind one that is off", *BANDIT, {".github/workflows/scan.yml": "on: pull_request\njobs:\n  gate:\n    if: false\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n  scan:\n    needs: gate\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: pip install bandit\n      - run: bandit -r src\n", **SOURCE}, HONEST),
    Fooling("a called workflow that is not there", *BANDIT, {".github/workflows/scan.yml": "on: pull_request\njobs:\n  bandit:\n    uses: ./.github/workflows/bandit.yml\n", **SOURCE}, {".github/workflows/scan.yml": "on: pull_request\njobs:\n  bandit:\n    uses: ./.github/workflows/bandit.yml\n", **workflow(SCAN, on="on: workflow_call", name=".github/workflows/bandit.yml")}),
    Fooling("a workflow that nothing calls", *BANDIT, workflow(SCAN, on="on: workflow_call"), HONEST),
    _event("every path is ignored", "on:\n  pull_request:\n    paths-ignore: ['**']"),
    _event("a path that nobody has", "on:\n  pull_request:\n    paths: ['nowhere/**']"),
    _event("a branch that nobody has", "on:\n  pull_request:\n    branches: [release-of-1999]"),
    _event("all branches are ignored", "on:\n  push:\n    branches-ignore: ['**']", IN_CI),
    _event("pushes to another branch", "on:\n  push:\n    branches: [nobody-works-here]", IN_CI),
    _event("a label has to be given", "on:\n  pull_request:\n    types: [labeled]"),
    _event("only when it is closed", "on:\n  pull_request:\n    types: [closed]"),
    _event("by hand alone", "on: workflow_dispatch", IN_CI),
    Fooling("the thirty-first of February", "code/scan-tool-runs", "Bandit runs weekly in CI", workflow(SCAN, on="on:\n  schedule:\n    - cron: '0 0 31 2 *'"), workflow(SCAN, on="on:\n  schedule:\n    - cron: '0 0 * * 1'")),
    _codeql("set up and never analysed", INIT),
    _codeql("analysed of nothing", INIT + "\n    config: |\n      paths-ignore:\n        - '**'", ANALYZE),
    _codeql("a configuration that leaves out all", INIT + "\n    config-file: .github/codeql.yml", ANALYZE, **{".github/codeql.yml": "paths-ignore:\n  - '**'\n"}),
    _codeql("without any query", INIT + "\n    config-file: .github/codeql.yml", ANALYZE, **{".github/codeql.yml": "disable-default-queries: true\n"}),
    Fooling("a write-all job below a read-only file", "ci/minimal-permissions", "Workflows use minimal permissions", workflow(SCAN, top="permissions:\n  contents: read\n", job="permissions: write-all"), workflow(SCAN, top="permissions:\n  contents: read\n")),
    Fooling("an action of a container with a tag", "ci/actions-pinned", "All GitHub Actions are pinned to full commit SHAs", workflow("- uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd\n- uses: docker://alpine:latest\n"), workflow("- uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd\n")),
    Fooling("a called workflow by its branch", "ci/actions-pinned", "All GitHub Actions are pinned to full commit SHAs", {".github/workflows/scan.yml": "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd\n  b:\n    uses: acme/flows/.github/workflows/scan.yml@main\n"}, workflow("- uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd\n")),
    Fooling("a tag that is as long as a commit", "ci/actions-pinned", "All GitHub Actions are pinned to full commit SHAs", workflow("- uses: actions/checkout@releases-of-the-year-two-thousand-and-ten\n"), workflow("- uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd\n")),
]
