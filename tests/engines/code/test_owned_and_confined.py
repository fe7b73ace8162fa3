"""Whose field is asked for, and which tests by an expression leave nothing to run."""

from __future__ import annotations

import pytest

from troth.engines.code.rules import every_rule
from troth.engines.code.scan import scan_text

RULES = every_rule()
IO = "from dataclasses import dataclass\nimport requests\n@dataclass\nclass Io:\n    verify: bool = False\n"
TOOL = "import re, subprocess\nfrom mcp.server.fastmcp import FastMCP\nmcp = FastMCP('x')\n@mcp.tool()\ndef run(name: str):\n{}    return subprocess.run(f'du {{name}}', shell=True)\n"


def lines(text):
    return sorted({finding.line for finding in scan_text(text, RULES).findings})


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def f(io=Io()):\n    requests.get('https://a.example', verify=io.verify)\n", [7]),
        ("def f(io=Io(verify=True)):\n    requests.get('https://a.example', verify=io.verify)\n", []),
        ("def f(io: Io):\n    requests.get('https://a.example', verify=io.verify)\n", [7]),
        ("def f(io: 'Io'):\n    requests.get('https://a.example', verify=io.verify)\n", [7]),
        ("class C:\n    def __init__(self):\n        self.io = Io()\n    def f(self):\n        requests.get('https://a.example', verify=self.io.verify)\n", [10]),
        ("def f(io):\n    requests.get('https://a.example', verify=io.verify)\n", []),
    ],
)
def test_an_object_is_known_by_its_making_its_annotation_or_not_at_all(code, found):
    assert found == lines(IO + code)


def test_two_classes_that_hold_each_other_end():
    assert [] == lines("import requests\nclass A:\n    b = None\n    def f(self):\n        self.b = self.b\n        requests.get('https://a.example', verify=self.b.b.b.b.b.verify)\n")


@pytest.mark.parametrize(
    ("test", "safe"),
    [
        ("if not re.fullmatch(r'[a-z_]+', name):\n        raise ValueError\n", True),
        ("if not re.match(r'[a-z_]+$', name):\n        raise ValueError\n", True),
        ("if not re.match(r'[a-z_]+', name):\n        raise ValueError\n", False),
        ("if not re.fullmatch(r'.+', name):\n        raise ValueError\n", False),
        ("if not re.fullmatch(r'[^;]+', name):\n        raise ValueError\n", False),
        ("if not re.fullmatch(r'[a-z', name):\n        raise ValueError\n", False),
        ("if re.fullmatch(r'[a-z_]+', name):\n        raise ValueError\n", False),
    ],
)
def test_a_test_by_an_expression_counts_by_what_it_lets_through(test, safe):
    assert lines(TOOL.format("    " + test)) == ([] if safe else [len(TOOL.format("    " + test).splitlines())])
