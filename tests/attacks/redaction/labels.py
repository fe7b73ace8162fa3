"""Labels as people, shells, databases and other formats write them, with the same words where nothing is secret."""

from __future__ import annotations

from pathlib import Path

from tests.attacks.suite import Attack
from troth.guard.redact import redact

P = "3qF8felTuRZYcQ"
LABELS = {
    "second of two cookies": f"Cookie: theme=dark; sid={P}", "cookie in a dictionary": f"{{'Cookie': 'theme=dark; sid={P}'}}", "token as the user of an address": f"git+https://{P}@forge.example/x",
    "option": f"tool --password {P} --verbose", "option with a token": f"tool --api-token {P}", "option in quotes": f'tool --password "{P}"', "element": f"<password>{P}</password>",
    "property list": f"<key>password</key>\n  <string>{P}</string>", "arrow": f"'password' => '{P}'", "pair": f"('password', '{P}')", "call": f"define('DB_PASSWORD', '{P}');", "bytes": f"b'password': b'{P}'",
    "joined name": f"PGPASSWORD={P} psql", "sentence": f"the password is {P}", "quoted after its word": f"ALTER USER x WITH PASSWORD '{P}'", "digest": f'Authorization: Digest username="u", response="{P}"',
    "signature of a request": f"Authorization: AWS4-HMAC-SHA256 Credential=x/2020, Signature={P}{P}", "a provider's key by its form": "SK" + "6a935f56132ebdf9e86fef7c6fe4e21b", "parameter": f"?access_token={P}&a=b", "joined to -p": f"mysql -uroot -p{P} db", "joined to -p, first": f"mysqldump -p{P} --all-databases", "joined to -p, in quotes": f"mariadb -h db -p'{P}' app", "identified by": f"CREATE USER a IDENTIFIED BY '{P}';",
    "identified with": f"ALTER USER a IDENTIFIED WITH mysql_native_password BY '{P}'", "granted": f'GRANT ALL ON x.* TO a@b IDENTIFIED BY "{P}"', "identified by, bare": f"create user a identified by {P} default tablespace x", "in the line below": f"password=\n  {P}\nnext=1",
    "in the line below, quoted": f'{{"password":\n    "{P}",\n "a": 1}}', "behind a joint": f"PASSWORD = \\\n  '{P}'\n", "in a database's own words": f"Server=x;User Id=u;Password={P};",
}  # fmt: skip
CLEAN = [
    "unexpected token '}' in JSON at position 4", "password is required", "The password is invalid.", "use --password to set it", "--token-type word --max-tokens 4096", "git clone ssh://git@forge.example/x",
    "https://robinhood@forge.example/x", "if password>limit: pass", "<key>name</key><string>value</string>", "('key', 'value')", "the cookie policy: see", "commit SK1234", "Authorization: none", "('tokens', 'count')",
    "x -- password handling", "{'key': 'value', 'n': 1}", "sort(key=lambda x: x)", "key => 'abcdef'", "--secret-file /run/x", "SKU SK-1234-5678",
    "mysql -p -u root", "mysql -P3306 -h x", "psql -p5432", "mkdir -p /srv/mysql2", "ssh -p2222 host", "docker run -p8080:80 mysql", "ps -p1234", "cp -pR a1b2c3d4 b", "nmap -p80,443 host", "rows are identified by 'name'", "is identified by 'column7' of the table",
    "identified by row_id2", "password:\n  type: string", "password:\n  required", "token:\n  expires_in: 3600", "secret:\n  name: db2-credentials", "password =\n    getpass1()", "Enter password:\nWelcome back, user 42", "api_key:\n\nversion2 is out", "token:\n  - line1",
    "password=\nuser=robin42", "secret:\n  valueFrom2:\n    x", "'password':\n    'required'", "Error: unexpected token:\n  at parse (x.js:12:5)",
]  # fmt: skip


def attacks() -> dict[str, Attack]:
    """Each text as it is, and inside of a record."""

    def tried(text: str) -> Attack:
        core = P if P in text else text[2:]
        return lambda _: core in redact(text) or core in redact(f"2026-11-21 10:00:01 INFO app: {text} (request 4711)")

    return {f"label: {name}": tried(text) for name, text in LABELS.items()}


def twins() -> dict[str, Attack]:
    """The same words where nothing is secret."""

    def stays(text: str) -> Attack:
        def same(_: Path) -> bool:
            return bool(redact(text) == text)

        return same

    return {f"label: {text[:40]}": stays(text) for text in CLEAN}
