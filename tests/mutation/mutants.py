"""The mutation table: ways in which a promise of the demonstration project stops being true, each with the control that must notice.

A mutant edits one file of the project (`old` -> `new`; `old` = "" appends; `new` = None deletes the file) or moves it (`to`). It is committed, so that nothing is told
by the work tree being dirty. At least one promise of the control that was Kept must no longer be Kept; a mutant whose `old` is not there fails the run.
"""

from __future__ import annotations

from dataclasses import dataclass

CI = ".github/workflows/ci.yml"
IMAGE = ".github/workflows/image.yml"
RELEASE = ".github/workflows/release.yml"
SECRETS = ".github/workflows/secrets.yml"
DEPENDABOT = ".github/dependabot.yml"
BANDIT = "      - run: bandit --recursive orchard\n"
SEMGREP = "      - run: semgrep scan --config .semgrep/loading.yml --error --metrics=off orchard\n"
PYTEST = "      - run: pytest --cov=orchard --cov-fail-under=90 tests\n"
LICENSES = '      - run: pip-licenses --allow-only="MIT License;BSD License;Apache Software License"\n'
READ = "permissions:\n  contents: read\n"


@dataclass(frozen=True)
class Mutant:
    """One way to break one promise."""

    control: str
    name: str
    path: str
    old: str = ""
    new: str | None = ""
    to: str = ""
    also: tuple[tuple[str, str], ...] = ()
    """Further edits of the same file, where one alone would leave a second guard standing."""


def _ci(control: str, step: str, word: str) -> list[Mutant]:
    """What makes a step of the CI workflow worthless, whatever the step is."""
    line = step.rstrip("\n")
    return [
        Mutant(control, f"{word}: its failure is swallowed by the shell", CI, line, f"{line} || true"),
        Mutant(control, f"{word}: its failure is swallowed by `|| exit 0`", CI, line, f"{line} || exit 0"),
        Mutant(control, f"{word}: continue-on-error", CI, step, step + "        continue-on-error: true\n"),
        Mutant(control, f"{word}: the step is switched off", CI, step, step + "        if: false\n"),
        Mutant(control, f"{word}: the step is gone", CI, step, ""),
        Mutant(
            control, f"{word}: the workflow moves to a nested folder", CI, to="packages/serve/.github/workflows/ci.yml"
        ),
        Mutant(control, f"{word}: the workflow moves out of the way", CI, to=".github/workflows.disabled/ci.yml"),
        Mutant(control, f"{word}: the workflow is no valid YAML", CI, "jobs:\n", "jobs: [\n"),
        Mutant(
            control, f"{word}: a job needs one that does not exist", CI, "  tests:\n", "  tests:\n    needs: nowhere\n"
        ),
        Mutant(
            control,
            f"{word}: it runs only by hand",
            CI,
            "on:\n  pull_request:\n  push:\n    branches: [main]\n",
            "on:\n  workflow_dispatch:\n",
        ),
    ]


MUTANTS: tuple[Mutant, ...] = (
    *_ci("code/scan-tool-runs", BANDIT, "bandit"),
    Mutant("code/scan-tool-runs", "bandit: --exit-zero", CI, "bandit --recursive orchard", "bandit --recursive --exit-zero orchard"),
    Mutant("code/scan-tool-runs", "bandit: it is only echoed", CI, "- run: bandit", "- run: echo bandit"),
    Mutant("code/scan-tool-runs", "bandit: it is a comment", CI, "- run: bandit", "- run: true # bandit"),
    Mutant("code/scan-tool-runs", "bandit: the trigger is gone", CI, "  pull_request:\n", ""),
    *_ci("code/scan-custom-rules", SEMGREP, "semgrep")[:5],
    Mutant("code/scan-custom-rules", "the rules are not read", CI, "--config .semgrep/loading.yml", "--config auto"),
    Mutant("code/scan-custom-rules", "the rules are gone", ".semgrep/loading.yml", new=None),
    *_ci("tests/coverage-gate", PYTEST, "coverage")[:5],
    Mutant("tests/coverage-gate", "no threshold", CI, " --cov-fail-under=90", ""),
    Mutant("tests/coverage-gate", "a lower threshold", CI, "--cov-fail-under=90", "--cov-fail-under=10"),
    *_ci("deps/license-check", LICENSES, "licences")[:5],
    Mutant("deps/license-check", "licences are listed, not judged", CI, ' --allow-only="MIT License;BSD License;Apache Software License"', ""),
    Mutant("deps/pinned", "a range", "requirements.txt", "==", ">="),
    Mutant("deps/pinned", "a name without a version", "requirements.txt", "", "leftpad\n"),
    Mutant("deps/pinned", "the file is gone", "requirements.txt", new=None),
    Mutant("deps/update-bot", "monthly", DEPENDABOT, "interval: weekly", "interval: monthly"),
    Mutant("deps/update-bot", "the bot's file is gone", DEPENDABOT, new=None),
    Mutant("deps/update-bot", "another folder", DEPENDABOT, to="config/dependabot.yml"),
    Mutant("deps/update-bot", "another version of the format", DEPENDABOT, "version: 2", "version: 7"),
    Mutant("deps/reviewed", "the review is switched off", CI, "    if: github.event_name == 'pull_request'\n", "    if: false\n"),
    Mutant("deps/reviewed", "the review cannot fail", CI, "          fail-on-severity: moderate\n", "          fail-on-severity: moderate\n          warn-only: true\n"),
    Mutant("deps/reviewed", "the review is gone", CI, "      - uses: actions/dependency-review-action@3b139cfc5fae8b618d3eae3675e383bb1769c019 # v4.5.0\n        with:\n          fail-on-severity: moderate\n", ""),
    Mutant("ci/actions-pinned", "a tag instead of a commit", RELEASE, "gh-action-pypi-publish@67339c736fd9354cd4f8cb0b744f2b82a74b5c70", "gh-action-pypi-publish@v1"),
    Mutant("ci/actions-pinned", "a branch", IMAGE, "trivy-action@18f2510ee396bbf400402947b394f2dd8c87dbb0", "trivy-action@master"),
    Mutant("ci/actions-pinned", "a short commit", RELEASE, "sbom-action@df80a981bc6edbc4e220a492d3cbe9f5547a6e75", "sbom-action@df80a98"),
    Mutant("ci/minimal-permissions", "no permissions at all", CI, READ, ""),
    Mutant("ci/minimal-permissions", "write-all", SECRETS, READ, "permissions: write-all\n"),
    Mutant("ci/minimal-permissions", "a right that nothing uses", IMAGE, READ, READ + "  id-token: write\n"),
    Mutant("ci/secret-unreachable-from-fork-pr", "pull_request_target with the secret", RELEASE, 'on:\n  push:\n    tags: ["v*"]\n', "on:\n  pull_request_target:\n"),
    Mutant("ci/secret-unreachable-from-fork-pr", "a checkout of the fork's head beside a secret", SECRETS, "on:\n  pull_request:\n", "on:\n  pull_request_target:\n", also=(
        ("          persist-credentials: false\n", "          ref: ${{ github.event.pull_request.head.sha }}\n      - run: make test\n        env:\n          KEY: ${{ secrets.MODEL_HUB_TOKEN }}\n"),
    )),
    Mutant("ci/no-secret-echo", "a secret is echoed", RELEASE, "      - run: python tools/upload_weights.py models/tiny.safetensors\n", '      - run: echo "$MODEL_HUB_TOKEN"\n'),
    Mutant("ci/no-secret-echo", "set -x", RELEASE, "      - run: python tools/upload_weights.py models/tiny.safetensors\n", "      - run: |\n          set -x\n          python tools/upload_weights.py --token $MODEL_HUB_TOKEN\n"),
    Mutant("ci/release-trigger-restricted", "it runs on pull requests, too", RELEASE, 'on:\n  push:\n    tags: ["v*"]\n', 'on:\n  pull_request:\n  push:\n    tags: ["v*"]\n', also=(
        ("    if: startsWith(github.ref, 'refs/tags/v')\n", ""),
    )),
    Mutant("ci/release-trigger-restricted", "it runs on branches", RELEASE, '    tags: ["v*"]\n', "    branches: [main]\n", also=(("    if: startsWith(github.ref, 'refs/tags/v')\n", ""),)),
    Mutant("ci/release-trigger-restricted", "it runs by hand", RELEASE, 'on:\n  push:\n', "on:\n  workflow_dispatch:\n  push:\n", also=(("    if: startsWith(github.ref, 'refs/tags/v')\n", ""),)),
    Mutant("ci/workflow-change-reviewed", "nobody owns the workflows", ".github/CODEOWNERS", new=None),
    Mutant("tests/security-covered", "no workflow runs the tests", CI, PYTEST, ""),
    Mutant("tests/security-covered", "their failure is swallowed", CI, PYTEST, PYTEST.replace("\n", " || true\n")),
    Mutant("publish/ci-only", "a documented upload by hand", "README.md", "", "\n## Release\n\nRun `twine upload dist/*` from your machine.\n"),
    Mutant("publish/ci-only", "the workflow is gone", RELEASE, new=None),
    Mutant("publish/trusted-publishing", "a long-lived token", RELEASE, "          attestations: true\n", "          attestations: true\n          password: ${{ secrets.PYPI_TOKEN }}\n"),
    Mutant("publish/trusted-publishing", "no identity token", RELEASE, "      id-token: write\n", ""),
    Mutant("publish/provenance", "no attestation", RELEASE, "      - uses: actions/attest-build-provenance@7668571508540a607bdfd90a87a560489fe372eb # v2.1.0\n        with:\n          subject-path: dist/*\n", "", also=(("attestations: true", "attestations: false"),)),
    Mutant("build/sbom", "no bill of materials", RELEASE, "      - uses: anchore/sbom-action@df80a981bc6edbc4e220a492d3cbe9f5547a6e75 # v0.17.9\n        with:\n          format: cyclonedx-json\n          output-file: orchard.cdx.json\n          upload-release-assets: true\n", "      - run: echo sbom\n"),
    Mutant("build/sbom", "another format", RELEASE, "format: cyclonedx-json", "format: spdx-json"),
    Mutant("container/non-root", "root at the end", "Dockerfile", "", "USER root\n"),
    Mutant("container/hardened", "a large base image", "Dockerfile", "-slim", ""),
    Mutant("container/scan", "findings do not fail the job", IMAGE, 'exit-code: "1"', 'exit-code: "0"'),
    Mutant("container/scan", "the scan is skipped", IMAGE, "  scan:\n", "  scan:\n    if: false\n"),
    Mutant("secrets/env-ignored", "the rule is gone", ".gitignore", ".env\n", ""),
    Mutant("secrets/env-ignored", "the rule is undone", ".gitignore", "", "!.env\n"),
    Mutant("secrets/commit-prevention", "the hook is gone", ".pre-commit-config.yaml", "  - repo: https://github.com/gitleaks/gitleaks\n    rev: v8.21.2\n    hooks:\n      - id: gitleaks\n", ""),
    Mutant("dev/pre-commit-hooks", "the configuration is gone", ".pre-commit-config.yaml", new=None),
    Mutant("dev/pre-commit-hooks", "the configuration is no YAML", ".pre-commit-config.yaml", "repos:", "repos: ["),
    Mutant("model/lfs-stored", "the rules are gone", ".gitattributes", new=None),
    Mutant("model/lfs-stored", "a model outside of LFS", "models/tiny.safetensors", "version https://git-lfs", "not a pointer any more"),
    Mutant("model/weights-only", "a load without it", "orchard/convert.py", "weights_only=True", "weights_only=False"),
    Mutant("model/weights-only", "another load", "orchard/convert.py", "", '\n\ndef legacy(path: str) -> object:\n    """Read an old checkpoint."""\n    return torch.load(path, weights_only=False)\n'),
    Mutant("model/weights-only", "the readme shows another load", "README.md", "", "\n## Load a checkpoint\n\n```python\nimport torch\n\nstate = torch.load('a.pt', weights_only=False)\n```\n"),
    Mutant("versions/supported-table", "another release line", "pyproject.toml", 'version = "1.4', 'version = "2.0'),
    Mutant("policy/discoverable", "the policy moves", "SECURITY.md", to="packages/serve/SECURITY.md"),
    Mutant("policy/current", "the stamp is old", "SECURITY.md", "Last updated: 2026-11-02", "Last updated: 2021-01-01"),
    Mutant("report/no-public-issue", "an issue template asks for vulnerabilities", ".github/ISSUE_TEMPLATE/vulnerability.md", "", "---\nname: Vulnerability report\nabout: Report a security vulnerability\n---\nDescribe the security vulnerability.\n"),
    Mutant("report/no-public-issue", "CONTRIBUTING says otherwise", "CONTRIBUTING.md", "", "# Contributing\n\nPlease report security vulnerabilities as a public issue.\n"),
)  # fmt: skip
