"""What a model gives to a tool, hands from step to step, or asks for through a table of functions is followed as its answer is."""

from __future__ import annotations

import pytest

from troth.engines.code.rules import every_rule
from troth.engines.code.scan import scan_text

MCP = "import os, subprocess, sqlite3\nfrom mcp.server.fastmcp import FastMCP\nmcp = FastMCP('a')\ndb = sqlite3.connect('a')\n"
ASK = "import os, json, openai\nclient = openai.OpenAI()\ndef ask(q):\n    return client.responses.create(model='m', input=q).output_text\n"


def found(text: str) -> set[str]:
    return {item.rule.id for item in scan_text(text, every_rule()).findings}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        pytest.param(MCP + "@mcp.tool()\ndef run(line: str):\n    os.system(line)\n", "shell-model-output", id="marked"),
        pytest.param(MCP + "@mcp.tool()\ndef run(line: str):\n    return go(line)\ndef go(text):\n    subprocess.run(['sh', '-c', text])\n", "shell-model-output", id="handed-on"),
        pytest.param(MCP + "@mcp.tool()\ndef run(query: str):\n    return db.execute(query).fetchall()\n", "sql-model-output", id="a-query"),
        pytest.param("from smolagents import tool\n@tool\ndef run(code: str):\n    exec(code)\n", "exec-model-output", id="a-program"),
        pytest.param("import os\nfrom langchain_core.tools import BaseTool\nclass Shell(BaseTool):\n    def _run(self, line: str):\n        os.system(line)\n", "shell-model-output", id="a-tool-of-a-class"),
        pytest.param("import os\nfrom langchain_core.tools import StructuredTool\ndef go(line: str):\n    os.system(line)\nt = StructuredTool.from_function(go)\n", "shell-model-output", id="made-a-tool"),
        pytest.param(ASK + "def write(state):\n    return {'line': ask('x')}\ndef run(state):\n    os.system(state['line'])\n", "shell-model-output", id="from-step-to-step"),
        pytest.param(ASK + "def write(state):\n    state['line'] = ask('x')\n    return state\ndef run(state):\n    os.system(state.get('line', ''))\n", "shell-model-output", id="put-into-the-state"),
        pytest.param(ASK + "def go(line):\n    os.system(line)\nDO = {'go': go}\nDO['go'](**json.loads(ask('x')))\n", "shell-model-output", id="a-table-of-functions"),
        pytest.param(ASK + "def go(line):\n    os.system(line)\nDO = {'go': lambda given: go(given['line'])}\nDO['go'](json.loads(ask('x')))\n", "shell-model-output", id="a-table-of-lambdas"),
    ],
)
def test_what_a_model_gives_is_followed(body: str, rule: str) -> None:
    assert rule in found(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(MCP + "def run(line: str):\n    os.system(line)\n", id="no-tool"),
        pytest.param(MCP + "@mcp.tool()\ndef run(count: int):\n    os.system(f'tail -n {count} log')\n", id="a-number"),
        pytest.param(MCP + "from typing import Literal\n@mcp.tool()\ndef run(what: Literal['df', 'uptime']):\n    os.system(what)\n", id="a-choice"),
        pytest.param(MCP + "@mcp.tool()\ndef run(path: str):\n    subprocess.run([DOT, '-o', path])\n", id="data-of-a-program-that-is-not-known"),
        pytest.param(MCP + "@mcp.tool()\ndef run(name: str):\n    return db.execute('select ?', (name,)).fetchall()\n", id="a-value-of-a-query"),
        pytest.param(ASK + "def write(state):\n    return {'line': ask('x')}\ndef run(state):\n    os.system(state['other'])\n", id="another-key"),
        pytest.param(ASK + "def write(state):\n    return {'line': ask('x')}\ndef run(options):\n    os.system(options['line'])\n", id="no-state"),
        pytest.param(ASK + "DO = {'go': lambda given: print(given)}\nDO['go'](ask('x'))\nos.system('ls')\n", id="only-shown"),
    ],
)
def test_and_nothing_else(body: str) -> None:
    assert not found(body) & {"shell-model-output", "sql-model-output", "exec-model-output"}


def test_a_filter_of_one_archive_excuses_no_other() -> None:
    text = "import tarfile\ndef a(p):\n    t = tarfile.open(p)\n    t.extraction_filter = tarfile.data_filter\n    t.extractall()\ndef b(p):\n    t = tarfile.open(p)\n    t.extractall()\n"
    lines = [item.line for item in scan_text(text, every_rule()).findings if item.rule.id == "archive-extract"]
    assert lines == [8]


def test_a_filter_of_the_class_excuses_all() -> None:
    assert "archive-extract" not in found("import tarfile\ntarfile.TarFile.extraction_filter = staticmethod(tarfile.data_filter)\ndef b(p):\n    tarfile.open(p).extractall()\n")
