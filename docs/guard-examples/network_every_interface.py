"""The server listens on every interface, and a library looks for updates: isolation is left to a firewall that is not there."""

import socket


def serve(host=""):
    """Where it listens."""
    with socket.create_server((host, 0)) as server:
        return str(server.getsockname()[0])


unguarded = serve


def guarded(host=""):
    from troth.guard.network import isolate

    isolation = isolate()
    try:
        return serve(host)
    finally:
        isolation.stop()


def attack(program, folder):
    return program("") == "0.0.0.0"


def works(program, folder):
    return program("127.0.0.1") == "127.0.0.1"
