"""What a model answered is followed through functions, fields, filled lists and handed-on calls of a file, and no further than it goes."""

from __future__ import annotations

import pytest

from troth.engines.code.rules import every_rule
from troth.engines.code.scan import scan_text

HEAD = "import os, subprocess, openai\nclient = openai.OpenAI()\ndef ask(q):\n    return client.responses.create(model='m', input=q).output_text\n"


def found(text: str) -> set[tuple[str, int]]:
    return {(item.rule.id, item.line) for item in scan_text(text, every_rule()).findings}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        pytest.param("exec(ask('x'))\n", "exec-model-output", id="returned-by-a-function"),
        pytest.param("def run(code):\n    exec(code)\nrun(ask('x'))\n", "exec-model-output", id="handed-to-a-function"),
        pytest.param("parts = []\nparts.append(ask('x'))\nexec(''.join(parts))\n", "exec-model-output", id="put-into-a-list"),
        pytest.param("class A:\n    def __init__(self):\n        self.code = ask('x')\n    def go(self):\n        exec(self.code)\n", "exec-model-output", id="kept-in-a-field"),
        pytest.param("import threading\nthreading.Thread(target=os.system, args=(ask('x'),))\n", "shell-model-output", id="handed-to-a-thread"),
        pytest.param("subprocess.run(['sh', '-c', ask('x')])\n", "shell-model-output", id="behind-a-shell"),
        pytest.param("subprocess.run([ask('x'), '-v'])\n", "shell-model-output", id="chooses-the-program"),
    ],
)
def test_an_answer_reaches_what_runs_it(body: str, rule: str) -> None:
    assert rule in {name for name, _ in found(HEAD + body)}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("subprocess.run(['git', 'commit', '-m', ask('x')])\n", id="data-of-a-fixed-program"),
        pytest.param("COMMANDS = {'a': ['ls']}\nsubprocess.run(COMMANDS[ask('x')])\n", id="chosen-from-a-table"),
        pytest.param("def run(code):\n    print(code)\nrun(ask('x'))\n", id="only-shown"),
        pytest.param("def run(n):\n    exec('x = 1')\n    return int(n)\nrun(ask('x'))\n", id="made-a-number"),
    ],
)
def test_an_answer_that_runs_nothing_is_left_alone(body: str) -> None:
    assert not found(HEAD + body)


def test_names_that_go_in_a_circle_end() -> None:
    text = HEAD + "def a(x):\n    return b(x)\ndef b(x):\n    return a(x)\ny = a('z')\nz = y\ny = z\nexec(y)\n"

    assert ("exec-model-output", 11) not in found(text)


def test_an_option_counts_as_what_it_is_unless_somebody_says_otherwise() -> None:
    text = "import os, uvicorn\nuvicorn.run('a', host=os.getenv('HOST', '0.0.0.0'))\nuvicorn.run('a', host=os.getenv('HOST', '127.0.0.1'))\nuvicorn.run('a', host=os.environ['HOST'])\n"

    assert found(text) == {("bind-all", 2)}


def test_two_branches_that_match_alike_in_a_repeat_explode() -> None:
    from troth.engines.code.backtracking import explodes

    assert explodes("(?:a|a)*b")
    assert not explodes("(?:a|b)*c")
    assert not explodes("(?:a|a)b")


OPTIONS = "import argparse, torch\nparser = argparse.ArgumentParser()\nparser.add_argument('--weights-only', {})\nargs = parser.parse_args()\ntorch.load('a', weights_only=args.weights_only)\n"


@pytest.mark.parametrize(
    ("option", "bad"),
    [
        pytest.param("default=False", True, id="off-by-default"),
        pytest.param("default=True", False, id="on-by-default"),
        pytest.param("action='store_false'", False, id="on-unless-switched-off"),
        pytest.param("type=bool", False, id="nobody-says"),
    ],
)
def test_an_option_of_the_command_line_counts_by_its_default(option: str, bad: bool) -> None:
    assert (("torch-load", 5) in found(OPTIONS.format(option))) is bad


def test_two_options_of_one_name_count_in_their_own_functions() -> None:
    text = (
        "import argparse\nfrom transformers import AutoModel\n"
        "def a():\n    p = argparse.ArgumentParser()\n    p.add_argument('--trust-remote-code', default=True)\n    args = p.parse_args()\n    AutoModel.from_pretrained('./x', trust_remote_code=args.trust_remote_code)\n"
        "def b():\n    p = argparse.ArgumentParser()\n    p.add_argument('--trust-remote-code', action='store_true')\n    args = p.parse_args()\n    AutoModel.from_pretrained('./x', trust_remote_code=args.trust_remote_code)\n"
    )

    assert found(text) == {("trust-remote-code", 7)}


def test_keys_beside_an_unknown_table_count_and_tables_are_fields_and_defaults() -> None:
    assert found("import uvicorn\ndef run(app, **more):\n    options = {'host': '0.0.0.0', **more}\n    uvicorn.run(app, **options)\n") == {("bind-all", 4)}
    assert found("import torch\ndef f(p, o={'weights_only': False}):\n    torch.load(p, **o)\n") == {("torch-load", 3)}
    assert found("import pickle\nclass A:\n    kinds = {'p': pickle.loads, 't': str}\n    def f(self, k, d):\n        return self.kinds[k](d)\n") == {("pickle-load", 5)}


def test_no_rule_leaves_a_line_to_another_that_does_not_look() -> None:
    asked = "class A:\n    async def f(self, x):\n        said = await self.llm.aask(x)\n        return eval(said)\n"

    assert found(asked) == {("exec-model-output", 4)}
    assert {line for _, line in found(asked.replace("self.llm.aask", "self.model.aask"))} == {4}


def test_what_runs_elsewhere_and_what_only_tells_a_change_is_left_alone() -> None:
    assert not found(HEAD + "sandbox.run_code(ask('x'))\n")
    assert not found("import hashlib\ndef seen(state, data):\n    digest = hashlib.md5(data).hexdigest()\n    if state.get('d') != digest:\n        state['d'] = digest\n")
    assert found("import hashlib\ndef seen(state, data):\n    digest = hashlib.md5(data).hexdigest()\n    if state.get('d') != digest:\n        raise ValueError\n") == {("weak-hash", 3)}
