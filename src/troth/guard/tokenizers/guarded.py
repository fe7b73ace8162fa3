"""The wrapper: limits before, tokenizer, limits after."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol, cast

from troth.guard.limits import LimitExceededError, TextLimits, run_limited

__all__ = ["GuardedTokenizer"]

_KNOWN_SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|im_sep|>", "<|system|>", "<|user|>", "<|assistant|>", "<|begin_of_text|>", "<|end_of_text|>",
    "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>", "<|python_tag|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
    "<|endofprompt|>", "<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|return|>", "<|call|>", "<|constrain|>", "<|refusal|>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|SYSTEM_TOKEN|>", "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>", "<s>", "</s>", "<pad>", "<unk>", "<mask>",
    "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>", "[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]",
)  # fmt: skip
"""Special tokens of widely used model families, from their published tokenizer configurations."""


class _HasEncode(Protocol):
    def encode(self, text: str) -> object: ...


class GuardedTokenizer:
    """A tokenizer behind limits.

    Args:
        tokenizer: a callable from text to token ids, or anything with `encode` (its result may be a list of ids or have `.ids`).
        limits: what the text may be.
        tokens_at_most: length of the result.
        special: `refuse` text that spells a special token, or `keep` it. Spelling is compared without case and white space inside.
        special_tokens: spellings to look for besides the well-known ones and those that the tokenizer names itself.
        wall_seconds: run in a child process and stop it after this time; None = in this process.
    """

    def __init__(
        self,
        tokenizer: Callable[[str], object] | _HasEncode,
        *,
        limits: TextLimits | None = None,
        tokens_at_most: int = 1_000_000,
        special: Literal["refuse", "keep"] = "refuse",
        special_tokens: Iterable[str] = (),
        wall_seconds: float | None = None,
    ) -> None:
        encode = getattr(tokenizer, "encode", None)
        self._encode: Callable[[str], object] = (
            encode if callable(encode) else cast("Callable[[str], object]", tokenizer)
        )
        self._limits = limits or TextLimits(run_at_most=2_000, invisible="drop")
        self._tokens_at_most = tokens_at_most
        self._wall_seconds = wall_seconds
        names = {*_KNOWN_SPECIAL, *special_tokens, *_own_special(tokenizer)} if special == "refuse" else set()
        # one alternation of literals: linear in the text; white space inside a spelling is no way round it
        parts = sorted((r"\s{0,4}".join(map(re.escape, name)) for name in names if name.strip()), key=len, reverse=True)
        self._special = re.compile("|".join(parts), re.IGNORECASE) if parts else None

    def encode(self, text: str) -> list[int]:
        """Token ids of the text.

        Raises:
            LimitExceededError: the text, the time or the number of tokens is over its limit, or the text spells a special token.
        """
        clean = self._limits.demand(text)
        if (
            self._special is not None
            and (self._special.search(clean) or (not clean.isascii() and self._special.search(_UNSEEN.sub("", unicodedata.normalize("NFKC", clean)))))
        ):
            raise LimitExceededError("special", "The text spells a special token of a model")
        tokens = (
            run_limited(lambda: _ids(self._encode(clean)), wall_seconds=self._wall_seconds)
            if self._wall_seconds
            else _ids(self._encode(clean))
        )
        if len(tokens) > self._tokens_at_most:
            raise LimitExceededError("tokens_at_most", f"The text has more than {self._tokens_at_most} tokens")
        return tokens


_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]")
"""What tokenizers that clean their input leave out, so that a spelling with it in between is the token again; they bring wide letters to plain ones as well."""


def _own_special(tokenizer: object) -> set[str]:
    """Special tokens that a tokenizer names itself (`special_tokens_set` of tiktoken, `all_special_tokens` of transformers)."""
    found: set[str] = set()
    for attribute in ("special_tokens_set", "all_special_tokens"):
        value = getattr(tokenizer, attribute, None)
        if isinstance(value, (set, frozenset, list, tuple)):
            found |= {str(item) for item in value}
    return found


def _ids(result: object) -> list[int]:
    ids = getattr(result, "ids", result)
    if not isinstance(ids, Sequence) or isinstance(ids, (str, bytes)):
        raise TypeError("the tokenizer gave no sequence of token ids")
    return [int(token) for token in ids]
