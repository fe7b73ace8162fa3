"""A test against a fixed list ends the flow for what is compared, and only below it; a script that holds an answer is run; an unpickler counts by what it refuses."""

from __future__ import annotations

import pytest

from troth.engines.code.rules import every_rule
from troth.engines.code.scan import scan_text

HEAD = "import os, subprocess, sys, openai\nclient = openai.OpenAI()\ndef ask(q):\n    return client.responses.create(model='m', input=q).output_text\nALLOWED = {'ls', 'date'}\n"
PICKLE = "import pickle\nSAFE = {('a', 'b')}\nclass Own(pickle.Unpickler):\n    def find_class(self, module, name):\nBODY\ndef load(f):\n    return Own(f).load()\n"


def found(text: str) -> set[str]:
    return {item.rule.id for item in scan_text(text, every_rule()).findings}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("    if c not in ALLOWED:\n        raise ValueError\n    os.system(c)\n", id="refused"),
        pytest.param("    if c in ALLOWED:\n        os.system(c)\n", id="let-through"),
        pytest.param("    if not c.isalnum():\n        return\n    os.system(c)\n", id="letters-and-digits"),
        pytest.param("    if not c or c not in ['ls']:\n        sys.exit(2)\n    os.system(c)\n", id="one-of-two-reasons"),
    ],
)
def test_what_was_found_in_a_fixed_list_is_no_answer_any_more(body: str) -> None:
    assert "shell-model-output" not in found(f"{HEAD}def run(q):\n    c = ask(q)\n{body}")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("    if c.split()[0] not in ALLOWED:\n        raise ValueError\n    os.system(c)\n", id="only-its-first-word"),
        pytest.param("    if c not in ALLOWED:\n        print('odd')\n    os.system(c)\n", id="only-said"),
        pytest.param("    if c in ALLOWED:\n        print('known')\n    os.system(c)\n", id="below-the-body"),
        pytest.param("    if 'rm' in c:\n        return\n    os.system(c)\n", id="a-word-in-it"),
        pytest.param("    os.system(c)\n    if c not in ALLOWED:\n        raise ValueError\n", id="too-late"),
        pytest.param("    if c in ALLOWED:\n        return\n    os.system(c)\n", id="the-wrong-way-round"),
        pytest.param("    if c not in q:\n        return\n    os.system(c)\n", id="a-list-that-others-give"),
        pytest.param("    TEXT = 'ls; date'\n    if c not in TEXT:\n        return\n    os.system(c)\n", id="a-text-is-no-list"),
    ],
)
def test_other_tests_end_nothing(body: str) -> None:
    assert "shell-model-output" in found(f"{HEAD}def run(q):\n    c = ask(q)\n{body}")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("with open('a.py', 'w') as f:\n    f.write(ask('x'))\nsubprocess.run(['python', 'a.py'])\n", id="by-its-name"),
        pytest.param("with open('a.py', 'w') as f:\n    f.write(ask('x'))\nos.system('python3 ./a.py')\n", id="in-a-text"),
        pytest.param("from pathlib import Path\np = Path('x') / 'a.sh'\np.write_text(ask('x'))\nsubprocess.run(['bash', str(p)])\n", id="as-a-path"),
        pytest.param("from pathlib import Path\np = Path('x') / 'a.py'\nwith p.open('w') as f:\n    f.write(ask('x'))\nsubprocess.run(f'python {p}', shell=True)\n", id="opened-by-its-path"),
        pytest.param("import tempfile\nwith tempfile.NamedTemporaryFile('w', suffix='.py') as f:\n    f.write(ask('x'))\n    subprocess.run([sys.executable, f.name])\n", id="a-temporary-file"),
    ],
)
def test_a_script_with_an_answer_in_it_is_run(body: str) -> None:
    assert "shell-model-output" in found(HEAD + body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("with open('a.md', 'w') as f:\n    f.write(ask('x'))\nsubprocess.run(['python', 'a.py'])\n", id="another-file"),
        pytest.param("with open('a.md', 'w') as f:\n    f.write(ask('x'))\nsubprocess.run(['git', 'add', 'a.md'])\n", id="only-data-of-a-program"),
        pytest.param("with open('a.py', 'w') as f:\n    f.write('x = 1')\nsubprocess.run(['python', 'a.py'])\nprint(ask('x'))\n", id="no-answer-in-it"),
    ],
)
def test_other_files_are_no_script(body: str) -> None:
    assert "shell-model-output" not in found(HEAD + body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("        return super().find_class(module, name)", id="all"),
        pytest.param("        if module == 'old':\n            module = 'new'\n        return super().find_class(module, name)", id="renamed"),
        pytest.param("        try:\n            return super().find_class(module, name)\n        except ImportError:\n            return dict", id="missing-ones-replaced"),
    ],
)
def test_an_unpickler_that_refuses_nothing_counts_as_the_plain_one(body: str) -> None:
    assert "pickle-load" in found(PICKLE.replace("BODY", body))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("        if (module, name) not in SAFE:\n            raise ValueError\n        return super().find_class(module, name)", id="raises"),
        pytest.param("        if (module, name) in SAFE:\n            return super().find_class(module, name)\n        return None", id="below-a-test"),
        pytest.param("        return super().find_class(module, name) if (module, name) in SAFE else None", id="on-a-condition"),
        pytest.param("        return {'a': dict}[name]", id="from-a-table"),
    ],
)
def test_an_unpickler_that_refuses_is_none_of_the_plain_ones(body: str) -> None:
    assert "pickle-load" not in found(PICKLE.replace("BODY", body))
