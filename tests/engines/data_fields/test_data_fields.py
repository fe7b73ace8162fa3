from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.trees import tree_of
from troth.engines.data_fields import look


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_no_bytes_make_the_engine_fail(data):
    look(tree_of({"a.ts": data}))


def test_declared_fields_that_speak_of_a_person_are_found_and_tests_left_out():
    found = look(
        tree_of(
            {
                "a.ts": "interface A {\n  userId: string;\n  name: string;\n}\n",
                "b.py": "class B:\n    email: str\n",
                "c.sql": "CREATE TABLE t (\n  phone_number text\n);\n",
                "tests/d.py": "email: str\n",
                "e.md": "email: str\n",
            }
        )
    )

    assert [(field.name, str(field.evidence.place)) for field in found.personal] == [
        ("userId", "a.ts:2"),
        ("email", "b.py:2"),
        ("phone_number", "c.sql:2"),
    ]


def test_statements_that_change_audit_rows_are_found():
    found = look(
        tree_of(
            {
                "a.sql": "CREATE TABLE IF NOT EXISTS app.audit_log (id int);\nDELETE FROM audit_log;\n-- UPDATE audit_log\n"
            }
        )
    )

    assert [field.name for field in found.audit_tables] == ["app.audit_log"]
    assert [field.evidence.place.line for field in found.audit_writes] == [2]


def test_words_about_an_update_of_audit_logs_are_no_statement_of_sql():
    code = 'actions.append("Update audit log")\n# next\ndb.execute("UPDATE audit_log SET done = 1")\ndb.execute(\n    "UPDATE audit_events "\n    "SET x = 1")\n'
    found = look(tree_of({"a.py": code}))

    assert [field.evidence.place.line for field in found.audit_writes] == [3, 5]
