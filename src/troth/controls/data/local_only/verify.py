"""Judges whether data stay on the machine: kits that report use, calls that reach other machines, and whether the code can reach any at all."""

from __future__ import annotations

import re

from troth.judgement.guards import not_a_claim, source_lines, sources
from troth.judgement.subject import off_subject
from troth.judgement.whole_view import elsewhere
from troth.terms.facts.dependencies import Dependencies, Pin, Scope
from troth.terms.facts.tree import Tree
from troth.terms.promise import Statement
from troth.terms.verdict import Broken, Evidence, How, Kept, Unknown, Verdict

_TELEMETRY = re.compile(r"telemetry|analytics|tracking|trackers?\b|phone[sd]? home|usage (?:data|statistics)|crash report", re.IGNORECASE)
_NONE = re.compile(r"\b(?:no|not|never|zero|without|none|free of|does(?: not|n't)|do(?: not|n't)|nothing)\b", re.IGNORECASE)
_HEDGED = re.compile(r"\b(?:except|unless|only (?:when|if|to|with|the|for)|by default|opt[- ]?(?:in|out)|optional|other than|besides|apart from|if you|when you|unexpected|beyond|additional|configured|explicit\w*|hidden|anonym\w*)\b", re.IGNORECASE)
_CALLS = re.compile(
    r"\b(?:no|zero|without(?: any)?|never makes?|makes no|does not make(?: any)?|performs no|initiates no)\s+(?:outbound |external |outgoing |remote |third[- ]party )*(?:network|http|https|internet|api)?\s*(?:/\w+ )?(?:calls?|requests?|connections?|traffic|access|activity|i/o)\b"
    r"|\b(?:never|not|nothing) (?:contacts?|touch(?:es)?|reach(?:es)?|access(?:es)?|uses?|connects? to) the (?:network|internet)\b|\b(?:entirely|fully|completely|100%) (?:offline|local)|\bnothing (?:ever )?leaves\b|\bnever leaves?\b",
    re.IGNORECASE,
)
_KITS = re.compile(
    r"^\s*(?:import|from)\s+(?:posthog|segment|mixpanel|amplitude|sentry_sdk|rudderstack|heap|scarf|applicationinsights|google_analytics|bugsnag|rollbar|statsig|ddtrace|newrelic)\b"
    r"|(?:from\s+|require\(|import\s+)['\"](?:posthog(?:-js|-node)?|@segment/[\w-]+|analytics-node|mixpanel(?:-browser)?|@?amplitude[/\w-]*|@sentry/[\w-]+|react-ga4?|universal-analytics|@vercel/analytics[/\w-]*|@vercel/speed-insights[/\w-]*|applicationinsights|@datadog/[\w-]+|@bugsnag/[\w-]+|rollbar|umami|plausible-tracker)['\"]"
    r"|googletagmanager\.com/gtag|\bgtag\(\s*['\"]config|\bsentry::init\b"
)
_INIT = re.compile(r"\b(?:posthog|Posthog|PostHog|mixpanel|Mixpanel|analytics|amplitude|sentry_sdk|Sentry|ReactGA|rollbar|bugsnag)\b[\w.]*(?:\.init\w*\s*\(|\.start\s*\(|\s*=\s*(?:new\s+)?\w+\(\s*['\"])[^\n]*")
_GIVEN = re.compile(r"environ|getenv|process\.env|import\.meta\.env|settings\.|config\.|cfg\.|os\.env|opt|enabled|consent", re.IGNORECASE)
_NETWORK = re.compile(
    r"^\s*(?:import|from)\s+(?:requests|httpx|aiohttp|urllib3?|http\.client|http|socket|websockets?|smtplib|ftplib|paramiko|boto3|botocore|openai|anthropic|google|litellm|huggingface_hub|transformers|grpc|pycurl|tornado|twisted|redis|pymongo|psycopg2?|asyncpg|telegram|discord|slack_sdk|langchain\w*|ollama|groq|cohere|mistralai|playwright|selenium|torch|sentence_transformers|datasets|nltk|spacy|zmq|pika|kafka|websocket|asyncssh|xmlrpc|telnetlib|imaplib|poplib|webbrowser|supabase|azure|mcp|fastmcp|uvicorn|fastapi|flask|starlette)\b"
    r"|(?<![\w.])fetch\s*\(|\bXMLHttpRequest\b|\bWebSocket\b|sendBeacon|\bEventSource\b|(?:from\s+|require\(|import\()\s*['\"](?:node:)?(?:https?|net|tls|dgram|http2|axios|got|node-fetch|undici|ws|superagent|ky|openai|@anthropic-ai/[\w-]+|express|fastify|socket\.io[\w-]*|@modelcontextprotocol/[\w/.-]+|@aws-sdk/[\w-]+|firebase[\w/-]*|@supabase/[\w-]+)['\"]"
    r"|\b(?:reqwest|hyper|ureq|isahc|surf|attohttpc|tonic|TcpStream|UdpSocket|tokio::net|std::net|curl::|awc|rmcp|axum|actix_web)\b"
)
_OUT = re.compile(r"(?:requests|httpx|aiohttp|session|client|axios|urllib\.request|http)\.?(?:get|post|put|request|urlopen|Request)?\s*\(\s*f?['\"`]https?://(?!localhost|127\.|0\.0\.0\.0|\[::1\]|\{)[\w.-]+\.\w+|\bfetch\s*\(\s*['\"`]https?://(?!localhost|127\.|0\.0\.0\.0)[\w.-]+\.\w+")
_STARTS = re.compile(r"\bsubprocess\b|\bos\.system\b|child_process|\bexeca\b|Command::new|\beval\s*\(|\bexec\s*\(|importlib|__import__|ctypes|Bun\.\w+|Deno\.")
_QUIET = frozenset(
    ["numpy", "pydantic", "click", "rich", "typer", "pyyaml", "tqdm", "regex", "jinja2", "markdown", "attrs", "colorama", "toml", "tomli", "tomli-w", "python-dateutil", "pytz", "packaging", "pathspec", "pygments", "jsonschema", "psutil", "pillow", "pandas", "scipy", "networkx", "lxml", "beautifulsoup4", "orjson", "msgpack", "cryptography", "zod", "commander", "chalk", "yargs", "minimist", "picocolors", "ora", "inquirer", "fast-glob", "glob", "minimatch", "semver", "yaml", "ajv", "lodash", "uuid", "dotenv", "ignore", "serde", "serde_json", "clap", "anyhow", "thiserror", "regex-lite", "walkdir", "toml_edit", "log", "env_logger", "rayon", "chrono", "libc", "once_cell", "itertools", "rand", "sha2", "hex", "base64", "ndarray"]
)
_RUN = "a run in a sandbox that records every attempt to connect"
_MEND = "Take the call out, or say in the sentence what is sent and when."


def verify(statement: Statement, tree: Tree, dependencies: Dependencies) -> Verdict:
    """Broken by a kit that reports use where none is said to be there, or a call to another machine where none is made; Kept only where no code and no package can reach one."""
    other = not_a_claim(statement, "keep data local") or off_subject(statement, re.compile(r"local|telemetry|analytic|track|network|internet|leave|sent|send|transmit|upload|collect|offline|store|retain|persist|remote|external|third|cloud|device|machine|server|home|keep|kept|delet|purge|log|privacy|private|data|connection|call|request|expire", re.IGNORECASE), "where data go")
    if other is not None:
        return other
    telemetry = bool(_TELEMETRY.search(statement.text) and _NONE.search(statement.text))
    calls = bool(_CALLS.search(statement.text))
    if (not telemetry and not calls) or not any(True for _ in sources(tree)):
        return Unknown(_RUN, "Where data go is seen when the program runs.")
    hedged = bool(_HEDGED.search(statement.text))
    if telemetry:
        found = _kits(tree)
        if found and not hedged:
            return Broken(How.CONTRADICTED, found, "A kit that reports use to another machine is started.", _MEND)
    if calls and not hedged and not telemetry and re.match(r"\W*(?:no|zero|makes? no|the (?:tool|package|library|server|application|app|program|cli|extension|plugin|project) |it |this |we |never|entirely|fully|100%)", statement.text, re.IGNORECASE):
        out = tuple(tree.evidence(path, line, "It calls another machine.") for path, line, _ in list(source_lines(tree, _OUT))[:4] if not re.search(r"(?:^|/)(?:scripts?|tools?|website|site|hack)/", path))
        if out and not re.search(r"never leaves?|nothing (?:ever )?leaves|offline|local\b", statement.text, re.IGNORECASE):
            return Broken(How.CONTRADICTED, out, "Code of the tree calls another machine by its name.", _MEND)
    return _quiet(tree, dependencies)


def _kits(tree: Tree) -> tuple[Evidence, ...]:
    """Kits that are brought in and started with a key that is written there, not with one that a user sets."""
    kits = {path for path, _, _ in source_lines(tree, _KITS)}
    found = [(path, line) for path, line, match in source_lines(tree, _INIT) if path in kits and not _GIVEN.search(match.group(0)) and not _GIVEN.search(" ".join(tree.lines(path)[max(line - 4, 0) : line + 3]))]
    return tuple(tree.evidence(path, line, "It starts a kit that reports use.") for path, line in found[:4])


def _quiet(tree: Tree, dependencies: Dependencies) -> Verdict:
    """Kept where nothing in the tree can reach another machine: no import, no call, no other program, no package that was not looked through."""
    reach = next(iter(source_lines(tree, _NETWORK)), None) or next(iter(source_lines(tree, _STARTS)), None)
    if reach is not None:
        return Unknown(_RUN, "The code can reach other machines, or start programs that can; what is sent when takes a run.", (tree.evidence(reach[0], reach[1], "From here others can be reached."),))
    hidden = elsewhere(tree)
    if hidden:
        return Unknown(_RUN, f"{hidden} is not read here.")
    needed = [entry for item in dependencies.manifests for entry in item.of_scope(Scope.RUNTIME) if entry.pin is not Pin.LOCAL and entry.name.lower() not in _QUIET]
    unread = [item for item in dependencies.manifests if item.incomplete]
    if needed or unread or dependencies.problems or not any(item.package is not None for item in dependencies.manifests):
        what = f"{needed[0].name} was not followed." if needed else "A manifest cannot be read whole, or there is none."
        return Unknown(_RUN, f"No code of the tree reaches another machine; what its packages do takes a run. {what}")
    paths = list(sources(tree))
    shown = tuple(tree.evidence(path, 1, "Read whole: nothing in it reaches another machine.") for path in paths[:5])
    return Kept(shown, f"None of {len(paths)} source files imports or calls anything that reaches another machine, and the packages that they need do not either.")
