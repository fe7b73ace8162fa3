"""Hostile texts by grammar, and a search for the worst of them: what costs most is changed and tried again.

    python -m tests.attacks --only "" --redactor-search 2000 [--engine hyperscan|re2|re]

A text is a few pieces (whole tokens of the catalogue, their beginnings, labels, encoded runs, joints, addresses, armours, controls, letters of every width), repeated by a plan:
in turn, in blocks, at random, one in front of a crowd of the other, nested. Every text has 50,000 bytes.
"""

from __future__ import annotations

import base64
import random
import string
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from troth.detectors.redaction import Redactor

__all__ = ["Plan", "plans", "search", "text_of"]

SIZE = 50_000
WORD = string.ascii_letters + string.digits
HEADS = ("ghp_", "gho_", "AKIA", "sk_live_", "sk-ant-api03-", "sk-proj-", "xoxb-", "glpat-", "hf_", "npm_", "pypi-AgE", "dop_v1_", "AIza", "eyJhbGciOi", "SG.", "key-", "shpat_", "-----BEGIN RSA PRIVATE KEY-----\n",
         "-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "-----BEGIN", "AGE-SECRET-KEY-1", "Bearer ", "H4sI", "eJ", "https://hooks.slack.com/services/", "postgres://", "amqp://", "sig=", "?sig=", "AccountKey=", "PRIVATE KEY-----", "--token ", "--password ", "SK", "Cookie: a=", "https://t0ken")  # fmt: skip
LABELS = ("password", "db_password", "apiKey", "API_KEY", "secret", "token", "access_token", "client_secret", "Authorization", "Cookie", "aws", "datadog", "twilio", "heroku", "key", "max_tokens", "pwd", "passphrase", "credential", "signature")
MARKS = ("=", ":", " = ", ": ", "=>", ":=", '": "', "='", '="', "|", ",", "(", '\\": \\"', "://", "@", "://u:", ":p@", "', '", '>', " is ", " '", "=>'")
ENDS = (" ", "\n", "", ",", ";", "&", '"', "'", "\t", "\r\n", "\\n", "}", "</a>")
RUNS = ("a", "A", "0", "/", "+", "=", "-", ".", "_", "\\", '"', "'", " ", "\n", "%", "%41", "\\u0061", "&#97;", "\\x61", "\0", "\x1b[31m", "\b", "a\b", "\u200b", "\u00ad", "\u0301", "é", "а", "ｐ", "𝐩", "ﷺ", "🔑", "\ud800", "\u202e", "\x7f", "{", "[", "(", "<", "aa.", "a-", "a_", "1:", "://", "@@", '"+"', "' '", '" + "', '" \\\n"')


def _some(chance: random.Random, count: int, letters: str = WORD) -> str:
    return "".join(chance.choices(letters, k=count))


def _value(chance: random.Random) -> str:
    return _some(chance, chance.choice((1, 3, 4, 8, 16, 20, 32, 36, 40, 64, 120, 400)), chance.choice((WORD, string.hexdigits[:16], string.digits, "a", WORD + "+/", WORD + "-_", WORD + "._~%", string.ascii_uppercase + "234567")))


def _head(chance: random.Random) -> str:
    return chance.choice(HEADS) + _value(chance)


def _label(chance: random.Random) -> str:
    return chance.choice(("", "x_", _some(chance, 3) + "-")) + chance.choice(LABELS) + chance.choice(MARKS) + _value(chance)


def _coded(chance: random.Random) -> str:
    raw = (_head(chance) if chance.random() < 0.6 else _label(chance)).encode()
    kind = chance.randrange(7)
    if kind < 3:
        coded = base64.b64encode(raw) if kind else base64.b64encode(base64.b64encode(raw))
        return coded.decode()
    if kind == 3:
        return raw.hex()
    if kind == 4:
        return "".join(f"%{byte:02x}" for byte in raw)
    if kind == 5:
        return "\0".join(raw.decode("latin-1"))
    return "".join(f"\\u{byte:04x}" for byte in raw)


def _split(chance: random.Random) -> str:
    text, joint = _head(chance), chance.choice(('"+"', '" + "', "' '", '" \\\n  "', "\u200b", "\x1b[1m", "\n", "\\\n", '"\n+ "'))
    step = chance.choice((1, 3, 7, 20))
    return '"' + joint.join(text[at : at + step] for at in range(0, len(text), step)) + '"'


def _near(chance: random.Random) -> str:
    """Nearly a token: one sign short, one wrong sign at the end, a boundary in the wrong place."""
    text = _head(chance)
    return chance.choice((text[:-1], text + "_", "a" + text, text[: len(text) // 2] + "!" + text[len(text) // 2 :], text[:5] * 4))


def _run(chance: random.Random) -> str:
    return chance.choice(RUNS) * chance.choice((1, 1, 2, 5, 40, 300))


def _mixed(chance: random.Random) -> str:
    return "".join(chr(chance.choice((chance.randrange(32, 127), chance.randrange(0xA0, 0x600), chance.randrange(0x2000, 0x2100), chance.randrange(0xFF00, 0xFFF0), chance.randrange(0x1D400, 0x1D800)))) for _ in range(40))


MAKERS: tuple[Callable[[random.Random], str], ...] = (_head, _label, _coded, _split, _near, _run, _mixed, _value)
ORDERS = ("turn", "blocks", "chance", "head", "tail", "nested")


@dataclass(frozen=True, slots=True)
class Plan:
    """How a text is made.

    Attributes:
        makers: numbers of the makers of its pieces, with the seed of each.
        ends: what stands behind each piece.
        order: how they follow one another.
        fresh: whether every repetition is made anew.
        seed: of everything else.
    """

    makers: tuple[tuple[int, int], ...]
    ends: tuple[str, ...]
    order: str
    fresh: bool
    seed: int


def plans(chance: random.Random) -> Iterator[Plan]:
    """Plans without end."""
    while True:
        count = chance.choice((1, 1, 2, 2, 3, 5))
        yield Plan(
            tuple((chance.randrange(len(MAKERS)), chance.randrange(1 << 30)) for _ in range(count)), tuple(chance.choice(ENDS) for _ in range(count)),
            chance.choice(ORDERS), chance.random() < 0.5, chance.randrange(1 << 30),
        )  # fmt: skip


def changed(plan: Plan, chance: random.Random) -> Plan:
    """A plan that differs in one thing."""
    kind = chance.randrange(6)
    makers, ends = list(plan.makers), list(plan.ends)
    place = chance.randrange(len(makers))
    if kind == 0:
        makers[place] = (makers[place][0], chance.randrange(1 << 30))
    elif kind == 1:
        ends[place] = chance.choice(ENDS)
    elif kind == 2:
        return replace(plan, order=chance.choice(ORDERS), fresh=not plan.fresh if chance.random() < 0.5 else plan.fresh)
    elif kind == 3 and len(makers) < 6:
        makers.append((chance.randrange(len(MAKERS)), chance.randrange(1 << 30)))
        ends.append(chance.choice(ENDS))
    elif kind == 4 and len(makers) > 1:
        del makers[place], ends[place]
    else:
        makers[place] = (chance.randrange(len(MAKERS)), chance.randrange(1 << 30))
    return replace(plan, makers=tuple(makers), ends=tuple(ends))


def text_of(plan: Plan, size: int = SIZE) -> str:
    """The text of a plan, at most `size` bytes."""
    chance = random.Random(plan.seed)
    makers = [(MAKERS[number], random.Random(seed)) for number, seed in plan.makers]
    fixed = [make(own) + end for (make, own), end in zip(makers, plan.ends, strict=True)]

    def piece(number: int) -> str:
        if not plan.fresh:
            return fixed[number]
        make, own = makers[number]
        return make(own) + plan.ends[number]

    if plan.order == "nested":
        opened = "".join(f"{text}{{" for text in fixed)
        return _cut((opened * (size // 2 // max(1, len(opened)) + 1)), size // 2) + "}" * (size // 2)
    made: list[str] = []
    length, turn = 0, 0
    while length < size:
        if plan.order == "turn":
            number = turn % len(fixed)
        elif plan.order == "blocks":
            number = min(len(fixed) - 1, length * len(fixed) // size)
        elif plan.order == "chance":
            number = chance.randrange(len(fixed))
        elif plan.order == "head":
            number = 0 if turn == 0 else len(fixed) - 1
        else:
            number = 0 if length < size - 2_000 else len(fixed) - 1
        made.append(piece(number) or " ")
        length += len(made[-1])
        turn += 1
    return _cut("".join(made), size)


def _cut(text: str, size: int) -> str:
    """Not longer than so many bytes."""
    return text if len(text) * 4 <= size else text.encode("utf-8", "surrogatepass")[:size].decode("utf-8", "ignore") or text[:size // 4]


def milliseconds(redactor: Redactor, text: str, enough: float = 0.0, times: int = 3) -> float:
    """Processor time of one redaction: the best of some, so that a busy machine is not counted."""
    best = float("inf")
    for _ in range(times):
        begun = time.process_time()
        redactor.text(text)
        best = min(best, (time.process_time() - begun) * 1000)
        if best <= enough:
            break
    return best


def search(redactor: Redactor, tries: int, seed: int = 11, interesting: float = 2.0) -> list[tuple[float, Plan]]:
    """The worst plans that were found, worst first: half of the tries are new, half are changes of the twenty worst so far.

    Args:
        redactor: what is tried.
        tries: how many texts.
        seed: of the search.
        interesting: milliseconds below which a text is measured once only.
    """
    chance = random.Random(seed)
    fresh, worst = plans(chance), list[tuple[float, Plan]]()
    for number in range(tries):
        plan = changed(chance.choice(worst)[1], chance) if worst and number % 2 else next(fresh)
        cost = milliseconds(redactor, text_of(plan), interesting)
        worst.append((cost, plan))
        worst.sort(key=lambda item: -item[0])
        del worst[20:]
    return worst
