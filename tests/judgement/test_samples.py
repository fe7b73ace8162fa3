from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.trees import tree_of
from troth.engines.dependencies import look
from troth.judgement.samples import Outcome, check_sample
from troth.terms.facts.history import History, Tag
from troth.terms.facts.policies import PolicySet
from troth.terms.place import Span
from troth.terms.promise import Kind, Statement


def outcomes(text, files, language="bash", kind=Kind.CODE, tags=()):
    tree = tree_of(files)
    lines = tuple(range(1, text.count("\n") + 2))
    statement = Statement("SECURITY.md", 1, lines, Span(0, 0), text, text, kind, language=language)
    history = History((), tags=tuple(Tag(tag, "c", 1) for tag in tags))
    return [item.outcome for item in check_sample(statement, tree, look(tree), history, PolicySet())]


@given(st.text(max_size=200), st.sampled_from(("bash", "python", "", "json")))
@settings(max_examples=150, deadline=None)
def test_no_sample_makes_the_check_fail(text, language):
    outcomes(text, {"a.py": "A = 1\n"}, language)


def test_what_a_line_names_is_looked_for():
    files = {
        "src/a.py": "",
        "run.sh": "",
        "Makefile": "audit:\n\ttrue\n",
        "package.json": '{"scripts": {"lint": "x"}}',
        "requirements.txt": "a\n",
    }

    assert (
        outcomes("bandit -r src/\nbash run.sh\nmake audit\nnpm run lint\npip install -r requirements.txt", files)
        == [Outcome.RIGHT] * 5
    )
    assert (
        outcomes("bandit -r lib/\nbash gone.sh\nmake gone\nnpm run gone\npip install -r gone.txt", files)
        == [Outcome.WRONG] * 5
    )


def test_what_lies_elsewhere_stays_open():
    assert (
        outcomes(
            "chmod 600 ~/.tool/config\npython /opt/x.py\nnpm audit\n./path/to/tool\ncurl https://x.test", {"a.py": ""}
        )
        == [Outcome.OPEN] * 5
    )


def test_a_tag_that_does_not_exist_is_wrong_only_where_tags_are_known():
    assert outcomes("git checkout tool@3.0.0", {"a.py": ""}, tags=("v3.0.0",)) == [Outcome.WRONG]
    assert outcomes("git checkout v3.0.0", {"a.py": ""}, tags=("v3.0.0",)) == [Outcome.RIGHT]
    assert outcomes("git checkout v3.0.0", {"a.py": ""}) == [Outcome.OPEN]


def test_a_variable_must_be_read_by_some_code():
    assert outcomes("export APP_MODE=safe", {"a.py": 'os.environ["APP_MODE"]\n'}) == [Outcome.RIGHT]
    assert outcomes("export APP_MODE=safe", {"a.py": "A = 1\n", "README.md": "APP_MODE\n"}) == [Outcome.WRONG]
    assert outcomes(
        "export APP_MODE=safe", {"a.py": 'class S(BaseSettings):\n    model_config = {"env_prefix": "APP_"}\n'}
    ) == [Outcome.OPEN]
    assert outcomes("export DEBUG=1", {"a.py": "A = 1\n"}) == [Outcome.OPEN]


def test_names_that_rust_exports_under_another_name_are_not_there():
    files = {
        "src/lib.rs": '#[pyclass(name = "Device")]\npub struct PyDevice {}\n\n#[pyfunction]\nfn seed() {}\n\n#[pymodule]\nfn vault(m: &Bound<PyModule>) {\n    m.add("VERSION", 1);\n}\n'
    }

    assert outcomes("import vault\nvault.PyDevice('cpu')", files, "python") == [Outcome.WRONG]
    assert (
        outcomes("import vault\nvault.Device('cpu')\nvault.seed()\nvault.VERSION", files, "python")
        == [Outcome.RIGHT] * 3
    )
    assert outcomes("import numpy\nnumpy.array", files, "python") == [Outcome.OPEN]


def test_a_build_file_that_sets_a_variable_does_not_read_it():
    set_only = {"Dockerfile": "FROM scratch\nENV APP_MODE=safe\n", "a.py": "A = 1\n"}

    assert outcomes("APP_MODE=safe", set_only) == [Outcome.OPEN]
    assert outcomes("APP_MODE=safe", {**set_only, "pkg/b.py": 'os.getenv("APP_MODE")\n'}) == [Outcome.RIGHT]
    assert outcomes("APP_MODE=safe", {"run.sh": 'echo "$APP_MODE"\n', "a.py": ""}) == [Outcome.RIGHT]


SETTINGS = '{"server": {"allowFrom": ["1"], "enabled": true}}'


def test_settings_of_a_sample_are_read_or_open():
    code = 'def load(data):\n    server = data["server"]\n    return server["enabled"] and server.get("allowFrom")\n'

    assert outcomes(SETTINGS, {"app/load.py": code}, "json") == [Outcome.RIGHT] * 3
    assert Outcome.WRONG not in outcomes(SETTINGS, {"app/load.py": "A = 1\n"}, "json")
    assert Outcome.RIGHT not in outcomes(SETTINGS, {"tests/test_load.py": code}, "json")
    assert outcomes('{"name": "x"}', {"app/load.py": "name = 1\n"}, "json") == [Outcome.OPEN]


def test_a_setting_that_is_only_handed_on_is_not_read():
    handed_on = {"src/a.ts": "this.requireToken = options.requireToken;\n"}

    assert outcomes('{"requireToken": true}', handed_on, "json") == [Outcome.OPEN]
    used = {"src/a.ts": "if (this.options.requireToken) {\n  refuse();\n}\n"}
    assert outcomes('{"requireToken": true}', used, "json") == [Outcome.RIGHT]


def test_options_of_the_own_command_must_be_known_to_the_code():
    files = {
        "pyproject.toml": '[project]\nname = "vault"\n[project.scripts]\nvault = "vault.cli:main"\n',
        "vault/cli.py": 'sub.add_parser("login").add_argument("--force")\n',
    }

    assert outcomes("vault login --force", files) == [Outcome.RIGHT]
    assert outcomes("vault login --wipe", files) == [Outcome.WRONG]
    assert outcomes("vault serve", files) == [Outcome.OPEN]
    assert outcomes("other login --wipe", files) == [Outcome.OPEN]


def test_files_of_the_own_folder_in_the_home_are_known():
    code = {"vault/paths.py": 'HOME = Path.home() / ".vault"\nCONFIG = HOME / "config.json"\n'}

    assert outcomes("chmod 600 ~/.vault/config.json", code) == [Outcome.RIGHT]
    assert outcomes("tail -f ~/.vault/logs/vault.log", code) == [Outcome.OPEN]
    assert outcomes("chmod 600 ~/.ssh/id_rsa.pub", code) == [Outcome.OPEN]


def test_answers_are_compared_with_the_messages_of_the_code():
    sample = 'read_file({ "path": "/etc/passwd" })\n# Expected: Security Error: Access to system directories is blocked'
    tool = 'server.tool("read_file", () => {\n  return `%s`;\n});\n'

    same = {"src/a.ts": tool % "Security Error: Access to system directories is blocked for ${path}"}
    assert outcomes(sample, same) == [Outcome.RIGHT, Outcome.RIGHT]
    other = {"src/a.ts": tool % "Security Error: Access to the system folder is blocked"}
    assert outcomes(sample, other) == [Outcome.RIGHT, Outcome.WRONG]
    assert outcomes(sample, {"src/a.ts": tool % "no"}) == [Outcome.RIGHT, Outcome.OPEN]


def test_a_comment_about_a_folder_that_the_tree_does_not_have_is_wrong():
    files = {"package.json": '{\n  "workspaces": ["products/*"]\n}\n', "products/a/index.js": ""}

    assert outcomes("# Built packages are in packages/*/dist/", files) == [Outcome.WRONG]
    assert outcomes("# Built packages are in products/*/dist/", files) == []
    assert outcomes("# Results are in dist/out/x/", files) == []
    assert outcomes("# git checkout tool@3.0.0", {"a.py": ""}, tags=("v3.0.0",)) == [Outcome.WRONG]
    assert outcomes("# git checkout v3.0.0", {"a.py": ""}, tags=("v3.0.0",)) == []
