from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.trees import tree_of
from troth.engines.models.look import look

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"


@given(st.sampled_from((".gitattributes", "a.pt", "card.md")), st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_text_makes_the_engine_fail(path, text):
    look(tree_of({"x.pt": "a", ".gitattributes": "*.pt filter=lfs\n", path: text}))


def test_a_pointer_is_told_from_bytes():
    found = look(
        tree_of(
            {
                ".gitattributes": "*.pt filter=lfs diff=lfs merge=lfs -text\n",
                "a.pt": POINTER,
                "b.pt": b"\x80\x02model",
                "notes.bin": "x",
            }
        )
    )

    assert [(item.path, item.pointer, item.stored) for item in found.files] == [
        ("a.pt", True, 12345),
        ("b.pt", False, None),
    ]
    assert found.files[0].rule.pattern == "*.pt"


def test_a_later_line_takes_a_pattern_out_of_lfs():
    found = look(
        tree_of({".gitattributes": "*.pt filter=lfs\nsmall.pt -filter\n", "small.pt": b"\x80", "models/w.bin": b"\x80"})
    )

    assert {item.path: item.rule for item in found.files} == {"small.pt": None, "models/w.bin": None}


def test_places_that_load_a_model_of_the_tree_are_found():
    found = look(
        tree_of(
            {
                "card.md": 'x = torch.load("checkpoints/a/model.pt")\n',
                "run.sh": "./gen --model checkpoints/b.pt\n",
                "checkpoints/b.pt": POINTER,
            }
        )
    )

    assert [(item.path, item.present) for item in found.references] == [
        ("checkpoints/a/model.pt", False),
        ("checkpoints/b.pt", True),
    ]
