"""Bombs that were kept aside: letters in which bytes hide, special tokens in disguise, numbers that no float holds, limits that are no limits."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from tests.attacks.suite import Attack
from troth.errors import GuardError
from troth.guard.limits import Concurrency, RateLimit, TextLimits
from troth.guard.tensors import Budget, Devices, Dtypes, demand_finite
from troth.guard.tokenizers import GuardedTokenizer

TEXT = TextLimits(bytes_at_most=64_000, run_at_most=2_000, invisible="refuse", form="NFKC")
NAN, INFINITE = float("nan"), float("inf")
UNSEEN = {"a filler of Hangul": "\u3164", "a half-wide filler": "\uffa0", "a joiner of graphemes": "\u034f", "an Arabic mark": "\u061c", "a Mongolian separator": "\u180e", "an annotation": "\ufff9", "a selector of variants": "\U000e0100", "an unassigned format letter": "\u2065"}  # fmt: skip
DISGUISED = ("<\u200b|endoftext|>", "\uff1c|endoftext|\uff1e", "<|endof\u00adtext|>", "<|im_\U000e0041start|>", "<|END_OF_TURN_TOKEN|>", "<|user_token|>", "[I\u2060NST]", "\uff3bINST\uff3d", "<\ufe0fs>", "< | Im_Start | >")
DTYPES = ("float32 ", "FLOAT32", ">f4", "O", "(1000000,)f4", "f4,f4", "float32\0", "\uff46loat32")
DEVICES = ("cuda:00", "cuda:+0", "cuda:\uff10", "cuda:1_0", "cuda:", "cuda:0:0", "cuda:0 ", "cpu:99999999999999999999")


def _passes(work: Callable[[], object]) -> Attack:
    """Succeeds where nothing refuses it, or by an error that is not the guard's."""

    def tried(_: Path) -> bool:
        try:
            work()
        except GuardError:
            return False
        except Exception:
            return True
        return True

    return tried


def _made(make: Callable[[], object]) -> Attack:
    """Succeeds where a limit that limits nothing can be made."""

    def tried(_: Path) -> bool:
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            make()
            return True
        return False

    return tried


def _deep() -> object:
    values: list[object] = [1.0]
    for _ in range(5_000):
        values = [values]
    return demand_finite(values)


def aside() -> dict[str, Attack]:
    """All of them."""
    tokenizer = GuardedTokenizer(lambda text: list(range(len(text))), limits=TextLimits(bytes_at_most=64_000, run_at_most=2_000), tokens_at_most=1_000)
    found: dict[str, Attack] = {f"text: {name}": _passes(lambda letter=letter: TEXT.demand(f"a{letter}b")) for name, letter in UNSEEN.items()}  # type: ignore[misc]
    found |= {f"tokenizer: disguised {text!a}": _passes(lambda text=text: tokenizer.encode(f"hello {text}")) for text in DISGUISED}  # type: ignore[misc]
    found |= {f"dtype {name!a}": _passes(lambda name=name: Dtypes().demand(name)) for name in DTYPES}  # type: ignore[misc]
    found |= {f"device {name!a}, aside": _passes(lambda name=name: Devices("cpu", "cuda").demand(name)) for name in DEVICES}  # type: ignore[misc]
    found |= {
        "text: a run that shows once it is normalised": _passes(lambda: TEXT.demand("\u00b4" + "\ufdfa" * 21_000)), "a whole number of 400 digits": _passes(lambda: demand_finite([10**400])), "a negative one": _passes(lambda: demand_finite([-(10**400)])), "lists 5,000 deep": _passes(_deep),
        "rate: NaN a second": _made(lambda: RateLimit(per_second=NAN, burst=1)), "rate: infinitely many": _made(lambda: RateLimit(per_second=INFINITE, burst=1)), "rate: a burst without end": _made(lambda: RateLimit(per_second=1, burst=INFINITE)),  # type: ignore[arg-type]
        "at once: NaN": _made(lambda: Concurrency(NAN)), "budget: NaN": _made(lambda: Budget(NAN)), "budget: below zero": _made(lambda: Budget(-1)), "budget: infinite": _made(lambda: Budget(INFINITE)),  # type: ignore[arg-type]
    }  # fmt: skip
    return found


def aside_twins() -> dict[str, Attack]:
    """What must work."""
    tokenizer = GuardedTokenizer(lambda text: list(range(len(text))))
    return {
        "letters of many scripts": lambda _: bool(TEXT.demand("\u0645\u0631\u062d\u0628\u0627 \ud55c\uad6d\uc5b4 \u092d\u093e\u0930\u0924 e\u0301 \u2764\ufe0f")),
        "wide letters are tokenized": lambda _: len(tokenizer.encode("\uff21\uff22\uff23 \uff1c 5")) == 7,
        "comparisons are tokenized": lambda _: len(tokenizer.encode("a < b and [x] | c > d")) == 21,
        "large whole numbers": lambda _: demand_finite([10**300, -(2**63)]) == [10**300, -(2**63)],
        "a slow rate": lambda _: RateLimit(per_second=0.001, burst=1).wait_seconds() == 0,
        "an empty budget": lambda _: Budget(0).held == 0,
    }
