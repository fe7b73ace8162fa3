"""Calls are counted for the address that the caller writes into a header."""


class Counter:
    """At most ten calls for each name, in a dictionary that nobody empties."""

    def __init__(self):
        self.calls = {}

    def take(self, name):
        """Refuse the eleventh."""
        self.calls[name] = self.calls.get(name, 0) + 1
        if self.calls[name] > 10:
            raise PermissionError


def unguarded():
    counter = Counter()

    def call(peer, headers):
        counter.take(headers.get("X-Forwarded-For", peer))
        return 200

    return call


def guarded():
    from troth.guard.limits import RateLimit

    limit = RateLimit(per_second=1, burst=10, keys_at_most=1_000)

    def call(peer, headers):
        limit.demand(peer)
        return 200

    return call


def attack(program, folder):
    call, served = program(), 0
    for number in range(100):
        try:
            served += call("203.0.113.9", {"X-Forwarded-For": f"10.0.0.{number}"}) == 200
        except Exception:  # any refusal is one
            continue
    return served > 20


def works(program, folder):
    call = program()
    return [call(f"203.0.113.{number}", {}) for number in range(5)] == [200] * 5
