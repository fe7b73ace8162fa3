""""Input is sanitised": it is stripped. Lone surrogates, control characters and invisible letters go on to the tokenizer."""


def unguarded(text):
    return text.strip()


def guarded(text):
    from troth.guard.limits import TextLimits

    return TextLimits(bytes_at_most=10_000, controls="refuse", invisible="refuse").demand(text.strip())


def attack(program, folder):
    passed = 0
    for hostile in ("\ud800text", "one\x00two", "ig\u200bnore", "x" * 20_000):
        try:
            program(hostile)
            passed += 1
        except Exception:  # any refusal is one
            continue
    return passed > 0


def works(program, folder):
    return program(" Grüße, 漢字 \n") == "Grüße, 漢字"
