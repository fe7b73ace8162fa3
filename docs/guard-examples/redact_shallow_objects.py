"""Objects are redacted at their top level and by exact names only: what is nested, or spelled another way, goes out."""

SECRET = "Hq8zLw3vTn5kXs2p"


def unguarded(value):
    return {key: "***" if key in ("password", "token", "secret") else inner for key, inner in value.items()}


def guarded(value):
    from troth.guard.redact import redact

    return redact(value)


def attack(program, folder):
    forms = [{"db": {"password": SECRET}}, {"Password": SECRET}, {"API_KEY": SECRET}, {"apiKey": SECRET}, {"users": [{"clientSecret": SECRET}]}, {"text": f"password={SECRET}"}]
    return any(SECRET in str(program(form)) for form in forms)


def works(program, folder):
    plain = {"tokenizer": "bpe", "max_tokens": 4096, "monkey": "banana", "nested": {"id": 7}}
    return program(plain) == plain
