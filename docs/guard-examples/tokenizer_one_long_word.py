"""The text is cut to its limit after the expensive work, and one long word makes the work grow with its square."""

STEPS = [0]


def merges(word):
    """A toy byte-pair encoder that joins one pair a round."""
    parts = list(word)
    while len(parts) > 1:
        STEPS[0] += len(parts)
        parts[0:2] = [parts[0] + parts[1]]
    return [len(word)]


def unguarded(text):
    return [token for word in text.split() for token in merges(word)][:100]


def guarded(text):
    from troth.guard.limits import TextLimits
    from troth.guard.tokenizers import GuardedTokenizer

    return GuardedTokenizer(unguarded, limits=TextLimits(run_at_most=200)).encode(text)


def attack(program, folder):
    STEPS[0] = 0
    try:
        program("a" * 2_000)
    finally:
        spent = STEPS[0]
    return spent > 1_000_000


def works(program, folder):
    return program("an ordinary sentence of words") == [2, 8, 8, 2, 5]
