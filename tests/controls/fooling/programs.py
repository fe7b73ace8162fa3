"""Programs that only look as if they kept what they promise, each with the twin that keeps it: what is done counts, and not which names stand in the text."""

from __future__ import annotations

from tests.controls.fooling.form import Fooling

__all__ = ["FOOLINGS"]

_HASHED = """import bcrypt


def register(store, name, password):
    store.insert(name, bcrypt.hashpw(password.encode(), bcrypt.gensalt()))


def login(store, name, password):
    return bcrypt.checkpw(password.encode(), store.find(name))


ROUTES = {"/register": register, "/login": login}
"""
_PASSWORDS = ("auth/password-hashed", "Passwords are hashed with bcrypt")
_TOKENS = ("crypto/secure-random", "Tokens are generated with a cryptographically secure random generator")
_RANDOM = """import secrets


def create_token():
    return secrets.token_urlsafe(32)


MAKERS = {"token": create_token}
"""
_COMPARED = ("crypto/constant-time", "Tokens are compared in constant time")
_DIGEST = """import hmac


def allowed(request, expected_token):
    token = request.headers["Authorization"]
    return hmac.compare_digest(token, expected_token)


DOORS = [allowed]
"""
_STORED = ("data/encrypted-at-rest", "Tokens are encrypted at rest")
_SEALED = """import os

from cryptography.fernet import Fernet

BOX = Fernet(os.environ["BOX_KEY"])


def save_token(path, token):
    sealed = BOX.encrypt(token)
    path.write_bytes(sealed)


def load_token(path):
    return BOX.decrypt(path.read_bytes())


ACTIONS = {"save": save_token, "load": load_token}
"""
_KEYS = ("api/idempotent", "Orders accept idempotency keys")
_ONCE = """def place(request, store, broker):
    idempotency_key = request.headers["Idempotency-Key"]
    known = store.get(idempotency_key)
    if known is not None:
        return known
    answer = broker.order(request.json)
    store.set(idempotency_key, answer)
    return answer


ROUTES = {"/orders": place}
"""
_BLOCKED = ("exec/command-denylist", "Filesystem formatting commands (`mkfs.*`) are blocked")
_DENIES = """import subprocess

BLOCKED_COMMANDS = ["mkfs", "rm -rf"]


def check(command):
    if any(word in command for word in BLOCKED_COMMANDS):
        raise PermissionError(command)


def run(command):
    check(command)
    return subprocess.run(command, shell=True, check=False)


TOOLS = {"shell": run}
"""
_LISTED = ("exec/command-allowlist", "Only allowed commands can be executed (command allowlist)")
_ALLOWS = """import subprocess

ALLOWED_COMMANDS = {"git", "ls", "cat"}


def run(words):
    if words[0] not in ALLOWED_COMMANDS:
        raise PermissionError(words[0])
    return subprocess.run(words, check=False)


TOOLS = {"shell": run}
"""
_KEYRING = ("secrets/external-store", "API tokens are stored in the OS keyring")
_KEPT = """import keyring


def save_token(user, token):
    keyring.set_password("mail", user, token)


def load_token(user):
    return keyring.get_password("mail", user)


ACTIONS = {"save": save_token, "load": load_token}
"""
_DOOR = ("auth/allowlist", "Allow-list based access control: an empty allow list denies everyone")
_ADMITS = """class Door:
    def is_allowed(self, sender):
        return sender in self.allow_from

    def receive(self, sender, message):
        if not self.is_allowed(sender):
            return None
        return self.answer(message)
"""
_JWT = ("auth/session", "JWT tokens expire automatically")
_ISSUED = """import jwt


def issue(user, key, end):
    return jwt.encode({"sub": user, "exp": end}, key, algorithm="HS256")


def read(token, key):
    return jwt.decode(token, key, algorithms=["HS256"])


DOORS = {"login": issue, "api": read}
"""
_COOKIES = ("auth/session", "Session cookies are HttpOnly and SameSite")
_COOKIE = """def login(response, session_token):
    response.set_cookie("session", session_token, httponly=True, samesite="lax")
    return response


ROUTES = {"/login": login}
"""
_TEXT = ("errors/clear", "Clear error messages: `Security Error: Operation blocked ...`")
_RAISED = """def refuse(goal):
    raise PermissionError(f"Security Error: Operation blocked for {goal}")


HOOKS = [refuse]
"""
_QUIET = ("data/local-only", "No telemetry or usage data is collected")
_PACKAGE = '[project]\nname = "tally"\nversion = "1.0"\ndependencies = []\n'
_COUNT = "def count(words):\n    return len(words)\n"


def _one(name: str, promise: tuple[str, str], honest: str, *swaps: tuple[str, str], file: str = "app/main.py") -> Fooling:
    """An attempt that differs from its twin by some pieces of one file."""
    fooled = honest
    for old, new in swaps:
        if old not in fooled:
            raise ValueError(f"{name}: {old!r} is not in the twin")
        fooled = fooled.replace(old, new)
    return Fooling(name, promise[0], promise[1], {file: fooled}, {file: honest})


FOOLINGS = (
    _one("password: hashed in a docstring", _PASSWORDS, _HASHED, ("    store.insert(name, bcrypt.hashpw(password.encode(), bcrypt.gensalt()))", '    """Stores bcrypt.hashpw(password)."""\n    store.insert(name, password)')),
    _one("password: compared as it is beside the check", _PASSWORDS, _HASHED, ("    return bcrypt.checkpw(", "    user = store.find(name)\n    if user.password == password:\n        return True\n    return bcrypt.checkpw(")),
    _one("password: hashed quickly, slowly elsewhere", _PASSWORDS, _HASHED, ("import bcrypt\n", "import hashlib\n\nimport bcrypt\n"), ("\n\nROUTES", "\n\ndef hash_admin(password):\n    return hashlib.sha256(password.encode()).hexdigest()\n\n\nROUTES")),
    _one("password: four rounds", _PASSWORDS, _HASHED, ("gensalt()", "gensalt(4)")),
    _one("password: hashed and never checked", _PASSWORDS, _HASHED, ("bcrypt.checkpw(password.encode(), store.find(name))", "store.find(name) is not None")),
    _one("password: nothing calls it", _PASSWORDS, _HASHED, ('\n\nROUTES = {"/register": register, "/login": login}\n', "")),
    _one("random: the module under the name of the other", _TOKENS, _RANDOM, ("import secrets", "import random as secrets"), ("secrets.token_urlsafe(32)", 'secrets.choice("abc")')),
    _one("random: in a comment", _TOKENS, _RANDOM, ("import secrets", "import random"), ("secrets.token_urlsafe(32)", "str(random.random())  # secrets.token_urlsafe(32)")),
    _one("random: by time and place", _TOKENS, _RANDOM, ("import secrets", "import uuid"), ("secrets.token_urlsafe(32)", "str(uuid.uuid1())")),
    _one("random: nothing calls it", _TOKENS, _RANDOM, ('\n\nMAKERS = {"token": create_token}\n', "")),
    _one("constant time: with itself", _COMPARED, _DIGEST, ("compare_digest(token, expected_token)", "compare_digest(token, token)")),
    _one("constant time: only after the letters", _COMPARED, _DIGEST, ("    return hmac", "    if token == expected_token:\n        return True\n    return hmac")),
    _one("constant time: in a text", _COMPARED, _DIGEST, ("return hmac.compare_digest(token, expected_token)", 'return bool("hmac.compare_digest(token, expected_token)")')),
    _one("encrypted: and the clear text is stored", _STORED, _SEALED, ("path.write_bytes(sealed)", "path.write_bytes(token)")),
    _one("encrypted: after it was stored", _STORED, _SEALED, ("    sealed = BOX.encrypt(token)\n    path.write_bytes(sealed)", "    path.write_bytes(token)\n    return BOX.encrypt(token)")),
    _one("encrypted: the key is in the code", _STORED, _SEALED, ('os.environ["BOX_KEY"]', 'b"Zm9yLXRoZS10ZXN0cy1vbmx5LTMyLWJ5dGVzLWxvbmc="')),
    _one("encrypted: a key for who sets none", _STORED, _SEALED, ('os.environ["BOX_KEY"]', 'os.getenv("ENCRYPTION_KEY", "Zm9yLXRoZS10ZXN0cy1vbmx5")')),
    _one("idempotent: looked up after the act", _KEYS, _ONCE, ("    known = store", "    answer = broker.order(request.json)\n    known = store")),
    _one("idempotent: never stored", _KEYS, _ONCE, ("    store.set(idempotency_key, answer)\n", "")),
    _one("idempotent: only logged", _KEYS, _ONCE, ("    known = store.get(idempotency_key)\n    if known is not None:\n        return known\n", '    log.info("order %s", idempotency_key)\n'), ("    store.set(idempotency_key, answer)\n", "")),
    _one("denied: the exception is swallowed", _BLOCKED, _DENIES, ("    check(command)\n", "    try:\n        check(command)\n    except PermissionError:\n        pass\n")),
    _one("denied: asked after the start", _BLOCKED, _DENIES, ("    check(command)\n    return subprocess.run(command, shell=True, check=False)", "    subprocess.run(command, shell=True, check=False)\n    check(command)")),
    _one("denied: only logged", _BLOCKED, _DENIES, ("raise PermissionError(command)", 'log.warning("%s", command)')),
    _one("denied: the list is empty of it", _BLOCKED, _DENIES, ('"mkfs", "rm -rf"', '"mkfs.ntfs", "rm -rf"')),
    _one("denied: compared with the whole command", _BLOCKED, _DENIES, ("any(word in command for word in BLOCKED_COMMANDS)", "command in BLOCKED_COMMANDS")),
    _one("denied: nothing calls the check", _BLOCKED, _DENIES, ("    check(command)\n", "")),
    _one("allowed: only logged", _LISTED, _ALLOWS, ("raise PermissionError(words[0])", 'log.warning("%s", words)')),
    _one("allowed: and a shell", _LISTED, _ALLOWS, ("subprocess.run(words, check=False)", 'subprocess.run(" ".join(words), shell=True, check=False)')),
    _one("allowed: a program that runs others", _LISTED, _ALLOWS, ('"cat"}', '"bash"}')),
    _one("allowed: nothing asks", _LISTED, _ALLOWS, ("    if words[0] not in ALLOWED_COMMANDS:\n        raise PermissionError(words[0])\n", "")),
    _one("keyring: a back end that keeps plain text", _KEYRING, _KEPT, ("import keyring\n", "import keyring\nfrom keyrings.alt.file import PlaintextKeyring\n\nkeyring.set_keyring(PlaintextKeyring())\n")),
    _one("keyring: and a file", _KEYRING, _KEPT, ('    keyring.set_password("mail", user, token)\n', '    keyring.set_password("mail", user, token)\n    BACKUP.write_text(token)\n')),
    _one("keyring: nothing calls it", _KEYRING, _KEPT, ('\n\nACTIONS = {"save": save_token, "load": load_token}\n', "")),
    _one("allow-list: empty admits", _DOOR, _ADMITS, ("        return sender in", "        if not self.allow_from:\n            return True\n        return sender in")),
    _one("allow-list: the answer is not heeded", _DOOR, _ADMITS, ("        if not self.is_allowed(sender):\n            return None\n", "        self.is_allowed(sender)\n")),
    _one("session: the end is not looked at", _JWT, _ISSUED, ('algorithms=["HS256"])', 'algorithms=["HS256"], options={"verify_exp": False})')),
    _one("session: issued without an end", _JWT, _ISSUED, (', "exp": end', "")),
    _one("session: nothing reads it", _JWT, _ISSUED, ('jwt.decode(token, key, algorithms=["HS256"])', "token")),
    _one("cookie: switched off", _COOKIES, _COOKIE, ("httponly=True", "httponly=False")),
    _one("cookie: without one of two", _COOKIES, _COOKIE, (', samesite="lax"', "")),
    _one("error: in a comment", _TEXT, _RAISED, ('raise PermissionError(f"Security Error: Operation blocked for {goal}")', 'raise PermissionError(goal)  # "Security Error: Operation blocked"')),
    _one("error: nothing calls it", _TEXT, _RAISED, ("\n\nHOOKS = [refuse]\n", "")),
    Fooling("local: a socket under another name", *_QUIET, {"tally/count.py": f"from socket import create_connection as open_file\n\n\n{_COUNT}", "pyproject.toml": _PACKAGE}, {"tally/count.py": _COUNT, "pyproject.toml": _PACKAGE}),
    Fooling("local: by another program", *_QUIET, {"tally/count.py": f'import os\n\n\n{_COUNT}\n\nos.system("curl https://a.example/used")\n', "pyproject.toml": _PACKAGE}, {"tally/count.py": _COUNT, "pyproject.toml": _PACKAGE}),
    Fooling("local: by a package", *_QUIET, {"tally/count.py": _COUNT, "pyproject.toml": _PACKAGE.replace("[]", '["strange-counter"]')}, {"tally/count.py": _COUNT, "pyproject.toml": _PACKAGE}),
    Fooling("local: in another language", *_QUIET, {"tally/count.py": _COUNT, "tally/report.go": "package tally\n", "pyproject.toml": _PACKAGE}, {"tally/count.py": _COUNT, "pyproject.toml": _PACKAGE}),
)
