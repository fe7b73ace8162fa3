"""SentencePiece models (`tokenizer.model`): pieces with scores and types, settings of the trainer and of the normalizer, and nothing else."""

from __future__ import annotations

from troth.formats.protobuf import fields, text
from troth.formats.source import Source
from troth.formats.verdict import INERT, Budget, Judgement, Refusal

__all__ = ["looks_like_sentencepiece", "read_sentencepiece"]

_KNOWN = frozenset((1, 2, 3, 4, 5))
"""Fields of `ModelProto`: pieces, trainer_spec, normalizer_spec, self_test_data, denormalizer_spec
(https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto)."""
_PIECE_LIMIT = 4096
_MAP_LIMIT = 64 << 20


def looks_like_sentencepiece(source: Source) -> bool:
    """Whether the file opens with a piece: a text and a score."""
    head = source.head(2)
    if len(head) < 2 or head[0] != 0x0A or not 2 < head[1] < 0x80:
        return False
    try:
        first = next(iter(fields(source, 10_000_000)))
        return [(part.number, part.wire) for part in fields(first.body, 8)][:2] in ([(1, 2), (2, 5)], [(1, 2), (3, 0)])
    except (Refusal, StopIteration):
        return False


def read_sentencepiece(source: Source, budget: Budget) -> Judgement:
    """Prove a model.

    Raises:
        Refusal: a field that the format does not have, a piece of odd length, or a normalizer's map larger than any.
    """
    pieces = 0
    for field in fields(source, 10_000_000):
        if field.number not in _KNOWN or field.wire != 2:
            raise Refusal("sentencepiece", f"a model has no field {field.number}", field.at)
        if field.number == 1:
            pieces += 1
            _piece(field.body)
        elif field.number in (3, 5) and field.body.size > _MAP_LIMIT:
            raise Refusal("sentencepiece", "a normalizer's map larger than any that is written", field.at)
    if not pieces:
        raise Refusal("sentencepiece", "a model without pieces", 0)
    if source.size > budget.memory:
        raise Refusal("budget-memory", f"loading would allocate {source.size} bytes; the limit is {budget.memory}")
    return Judgement("sentencepiece", INERT, (), source.size, 0)


def _piece(body: Source) -> None:
    for part in fields(body, 16):
        if part.number not in (1, 2, 3) or (part.number == 1 and part.wire != 2):
            raise Refusal("sentencepiece", f"a piece has no field {part.number}", part.at)
        if part.number == 1:
            text(part, _PIECE_LIMIT)
