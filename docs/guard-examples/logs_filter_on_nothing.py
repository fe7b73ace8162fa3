"""A redaction filter is written, tested, and attached to no handler."""

import io
import logging

SECRET = "q8Zk-3vLw7XsPn2Ht9"


class Redacts(logging.Filter):
    """Takes the known key out of a message."""

    def filter(self, record):
        """Redact the message (and not its arguments, nor a traceback)."""
        record.msg = str(record.msg).replace(SECRET, "***")
        return True


def serve(message, *arguments):
    """What the program writes to its log."""
    out, log = io.StringIO(), logging.Logger("program")
    log.addHandler(logging.StreamHandler(out))
    log.info(message, *arguments)
    return out.getvalue()


unguarded = serve


def guarded(message, *arguments):
    from troth.guard import logs
    from troth.guard.redact import remember

    remember(SECRET, "key")
    logs.install(streams=False)
    return serve(message, *arguments)


def attack(program, folder):
    return any(SECRET in program(*record) for record in [("key=%s", SECRET), (f"using {SECRET}",), ("%r", {"apiKey": SECRET})])


def works(program, folder):
    return program("request %d in %s", 7, "12 ms") == "request 7 in 12 ms\n"
