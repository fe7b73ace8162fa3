"""Judges whether modules hold no connection and no secret of their own: by what their production code imports and reads."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, prove, source_lines, sources, unread
from troth.judgement.wording import several
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.values import Params
from troth.terms.verdict import Broken, How, Kept, Unknown, Verdict

_CONNECTS = re.compile(
    r"\bfrom\s+['\"](?:pg|mysql2?|mongodb|mongoose|redis|ioredis|axios|got|undici|node-fetch|superagent|knex|typeorm|sequelize|drizzle-orm|@prisma/client|@supabase/[\w-]+|"
    r"@aws-sdk/[\w-]+|openai|node:https?|https?|node:net|net|better-sqlite3)['\"]|require\(['\"](?:pg|mysql2?|mongodb|redis|axios|https?|net)['\"]\)|(?<![\w.])fetch\s*\(|"
    r"new\s+(?:WebSocket|XMLHttpRequest|PrismaClient)\b|^\s*(?:import|from)\s+(?:requests|httpx|aiohttp|urllib3|urllib\.request|sqlalchemy|psycopg2?|asyncpg|pymongo|redis|mysql|"
    r"sqlite3|boto3|socket|openai)\b"
)
_SECRET_ENV = re.compile(
    r"(?:process\.env(?:\.|\[['\"])|os\.(?:environ(?:\.get\(|\[)|getenv\()\s*['\"])\w*(?:SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|_TOKEN|DATABASE_URL|CREDENTIAL)\w*",
)
_ANY_ENV = re.compile(r"process\.env|os\.environ|os\.getenv|import\.meta\.env|Deno\.env|env::var")
_DYNAMIC_ENV = re.compile(
    r"process\.env\[[^'\"\]]|(?:=|\(|\{|\.\.\.)\s*process\.env\b(?!\.|\[)|os\.environ(?:\.get\(|\[)\s*[^'\"\s\])]|os\.getenv\(\s*[^'\"\s]|(?:dict|copy)\(os\.environ|\bimport\s*\(\s*[^'\")]|require\(\s*[^'\")]"
)
_MANAGES = re.compile(r"keytar|keyring|hvac|secretsmanager|SecretManager|KeyVault|createCipheriv|Fernet\(|node-vault", re.IGNORECASE)
_BUT = re.compile(r"\b(?:outside|except|beyond|other than|apart from|unless|only (?:through|via|by))\b", re.IGNORECASE)
_MEND = "Take it out of the module: let the executor hold the connection and the secret."


def verify(params: Params, statement: Statement, tree: Tree) -> Verdict:
    """Kept where no production code has what is forbidden, Broken by the first line that has it."""
    other = not_a_claim(statement, "keep modules apart")
    if other is not None:
        return other
    pattern, what = _forbidden(params, statement)
    if pattern is _CONNECTS and _BUT.search(statement.text):
        return prove("modules", "The sentence leaves a way open; whether code takes that way alone, its text does not show.")
    if pattern is None:
        return prove("modules", "What modules must not hold, the sentence does not say in words that are known here.")
    known = tuple(sources(tree, ".py", ".ts", ".js", ".mjs", ".cjs", ".tsx", ".jsx"))
    if not known or any(sources(tree, ".rs")) or any(path.endswith((".go", ".java", ".rb", ".cs", ".kt")) for path in tree.files):
        return Unknown("code in Python or TypeScript alone", "The tree has code in other languages, or none, so that nothing can be called absent.")
    found = [
        tree.evidence(path, line, f"It is {what} of its own.")
        for path, line, _ in source_lines(tree, pattern)
        if not re.search(r"\\[(.]", tree.lines(path)[line - 1])
    ]
    if found:
        return Broken(How.BYPASSED, tuple(found[:10]), f"{several(len(found), 'line of production code has', 'lines of production code have')} {what} of their own.", _MEND)
    unsure = [
        tree.evidence(path, line, "What this reads or loads is known at run time only.")
        for path, line, _ in source_lines(tree, _DYNAMIC_ENV)
        if not re.search(r"\\[(.]", tree.lines(path)[line - 1])
    ]
    if unsure:
        return prove("modules", "A name that is made at run time is loaded or read.", tuple(unsure[:4]))
    blind = unread(tree)
    if blind:
        return Unknown("every file of the code", f"{several(len(blind), 'file of it could', 'files of it could')} not be read ({blind[0]}), so that nothing can be called absent.")
    reads = [tree.evidence(path, line, "The environment is read here, and not for that.") for path, line, _ in source_lines(tree, _ANY_ENV)]
    shown = tuple(reads[:4]) or (tree.evidence(known[0], 1, "One of the files that were read."),)
    return Kept(shown, f"None of {len(known)} production files has {what}.")


def _forbidden(params: Params, statement: Statement) -> tuple[re.Pattern[str] | None, str]:
    kind = params.text("forbid") or ""
    text = statement.text.lower()
    if kind == "db-api" or (not kind and re.search(r"database|api|network|connection", text)):
        return _CONNECTS, "a connection to a database or an API"
    if kind == "env-secrets" or (not kind and "environment" in text):
        return _SECRET_ENV, "a read of a secret in the environment"
    if kind == "secret-manager" or (not kind and re.search(r"secret (?:management|store|manager)", text)):
        return _MANAGES, "a store of secrets"
    return None, ""
