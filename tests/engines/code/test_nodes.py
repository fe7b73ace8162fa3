"""The cheap walk meets what the standard one meets, in the same order."""

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from troth.engines.code.nodes import children, statements

PIECES = (
    "import a\n",
    "from b import c as d\n",
    "def f(x, *, y=1):\n    import e\n    return x + y\n",
    "class G(H):\n    @staticmethod\n    def i(): pass\n",
    "try:\n    import j\nexcept OSError:\n    from k import l\nelse:\n    m = 1\nfinally:\n    n()\n",
    "match o:\n    case {'p': q} if q:\n        import r\n    case _:\n        s = [t for t in u if t]\n",
    "async def v():\n    async with w as x:\n        import y\n    await z\n",
    "if a:\n    import b\nelif c:\n    import d\nelse:\n    e = lambda f: f.g(h)\n",
)
SILENT = (ast.Constant, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


@given(st.lists(st.sampled_from(PIECES), max_size=6))
@settings(max_examples=60, deadline=None)
def test_both_walks_meet_what_the_standard_ones_meet(pieces: list[str]) -> None:
    module = ast.parse("".join(pieces))

    assert list(statements(module)) == [node for node in ast.walk(module) if isinstance(node, ast.stmt)]
    for node in ast.walk(module):
        assert children(node) == [child for child in ast.iter_child_nodes(node) if not isinstance(child, SILENT)]
