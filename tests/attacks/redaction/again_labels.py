"""Secrets that nobody registered, as shells, settings, protocols, frameworks and language models write them; beside each the same text where nothing is secret."""

from __future__ import annotations

import base64
import json
import random
import string

from tests.attacks.suite import Attack
from troth.guard.redact import redact

P = "Hq8zLw3vTn5kXs2p"
_CHANCE = random.Random(401)


def _made(count: int, letters: str = string.ascii_letters + string.digits) -> str:
    return "".join(_CHANCE.choices(letters, k=count))


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


HEX = string.digits + "abcdef"
PLACE = "<<"
"""Stands for the secret in the texts below, and for a harmless word in their twins."""
LABELS: dict[str, str] = {
    "a list": ('{"passwords": ["<<"]}'), "a value inside of its name": ('{"password": {"value": "<<"}}'), "a form's name": ("auth[password]=<<&x=1"), "a form's name, escaped": ("user%5Bpassword%5D=<<&x=1"), "an escaped query": ("next=%2Fx%3Faccess_token%3D<<%26a%3Db"), "a query in HTML": ("?a=1&amp;password=<<&amp;b=2"), "JSON, three times escaped": ('"{\\\\\\"password\\\\\\": \\\\\\"<<\\\\\\"}"'),
    "an equals sign in JSON": ("password\\u003d<<"), "an equals sign in HTML": ("password&#61;<<"), "a table of commas": ("user,password\nrobin,<<\n"), "a field of a page": ('<input type="hidden" name="api_token" value="<<">'), "parts of a form": ('Content-Disposition: form-data; name="password"\r\n\r\n<<\r\n--b'), "a block of YAML": ("password: |\n  <<\nuser: robin"), "a folded block of YAML": ("password: >-\n    <<\n"), "a tagged value": ("password: !!str <<"), "an anchor": ("password: &pw <<"),
    "netrc": ("machine h.example login robin password <<"), "a file of passwords of PostgreSQL": ("db.example:5432:app:robin:<<"), "npm": ("//registry.example/:_authToken=<<"), "npm, older": (f"_auth={_b64('robin:' + P)}"), "sshpass": ("sshpass -p <<  ssh robin@h"), "curl": ("curl -u robin:<< https://h.example/"), "curl, a header": ("curl -H 'PRIVATE-TOKEN: <<' https://h.example"), "Redis": ("redis-cli -h h -a << ping"), "Helm": ("helm install x --set auth.password=<<"), "Docker": ("docker run -e API_KEY=<< image"), "Java": ("java -Ddb.password=<< -jar a.jar"),
    "an environment of PowerShell": ('$env:API_KEY = "<<"'), "an environment of cmd.exe": ("set API_KEY=<<"), "an environment of fish": ("set -x API_KEY <<"), "a Dockerfile": ("ENV DB_PASSWORD <<"), "a connection of .NET": ("Data Source=x;User Id=u;Pwd=<<;"), "JDBC": ("jdbc:postgresql://h/db?user=u&password=<<"), "Oracle": ("jdbc:oracle:thin:app/<<@h:1521/x"), "Kafka": ('sasl.jaas.config=org.x.PlainLoginModule required username="u" password="<<";'), "storage": ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=<<Hq8zLw3vTn5kXs2pHq8zLw3vTn5kXs2pHq8zLw3vTn5kXs2p==;"),
    "a bus": ("Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=<<"), "MongoDB": ("mongodb+srv://robin:<<@c.example/db"), "Redis's address": ("redis://:<<@h:6379/0"), "an address with an at sign": ("https://robin:<<%40x@h.example/"), "an address without a scheme": ("robin:<<@db.example:5432/app"), "a cluster's secret": (f"kind: Secret\ndata:\n  password: {_b64(P)}"), "a cluster's secret in clear": ("stringData:\n  password: <<"), "Docker's logins": (json.dumps({"auths": {"r.example": {"auth": _b64("robin:" + P)}}})), "Ansible": ("host1 ansible_ssh_pass=<< ansible_user=robin"), "LDAP": ("bindpw <<\nbase dc=x"), "LDIF": ("userPassword: <<"), "a wireless net": ('ssid="x"\npsk="<<"'),
    "mail, in clear": ("C: PASS <<"), "mail, LOGIN": ('a1 LOGIN robin "<<"'), "mail, PLAIN": (f"AUTH PLAIN {_b64(chr(0) + 'robin' + chr(0) + P)}"), "Redis, AUTH": ("AUTH default <<"), "a header of Google": ("x-goog-api-key: <<"), "a header of Azure": ("Ocp-Apim-Subscription-Key: <<"), "a header of a model": ("api-key: <<"), "a header of Vault": ("X-Vault-Token: <<"), "a header, in a list": ("[('x-api-key', '<<'), ('accept', '*/*')]"), "a header, bytes": ("[(b'authorization', b'Bearer <<')]"), "headers, in a dump": ("> authorization: Basic cm9iaW46PDw=<<"), "cookies of Python": ("<SimpleCookie: sid='<<'>"), "a cookie set": ("Set-Cookie: __Host-session=<<; Path=/; Secure"), "one of three cookies": ("cookie: a=1; session_id=<<; b=2"), "a refresh token": ('{"refresh_token":"<<","expires_in":3600}'),
    "a token's fragment": ("https://app.example/cb#access_token=<<&token_type=bearer"), "a code": ("grant_type=authorization_code&client_secret=<<&code=x"), "Terraform": ('  + db_password = "<<"'), "Terraform, changed": ('  ~ password = "old1Zx9" -> "<<"'), "a class's repr": ("Settings(user='robin', password='<<')"), "a debugged expression": ("password='<<'"), "a debugged attribute": ("self.api_key = '<<'"), "a debugged item": ("config['password']='<<'"), "Go": ("{User:robin Password:<< Port:5432}"), "Go, with types": ('main.C{User:"robin", Password:"<<"}'), "Rust": ('Config { user: "robin", password: "<<" }'), "Rust, an option": ('Config { password: Some("<<") }'), "Ruby": ('{:user=>"robin", :password=>"<<"}'), "PHP": ("array(2) {\n  [\"password\"]=>\n  string(16) \"<<\"\n}"), "Java's map": ("{user=robin, password=<<}"), "Perl": ("$VAR1 = { 'password' => '<<' };"),
    "Elixir": ('%{password: "<<", user: "robin"}'), "a table of Markdown": ("| password | << |"), "a table of MySQL": ("| robin | password: << |"), "with a tab": ("password\t<<"), "behind a dash": ("password - <<"), "behind an arrow": ("password -> <<"), "behind a word": ("Password set to <<"), "changed to": ("password changed to '<<'"), "in a question": ("wrong password '<<' for robin"), "with": ("logging in with password <<"), "an invalid key": ("Incorrect API key provided: <<"), "in brackets": ("password (<<)"), "in angle brackets": ("password=<<<>"), "in stars": ("**Password:** <<"), "in code": ("Password: `<<`"), "in French": ("mot de passe : <<"), "in German": ("Passwort: <<"), "in Spanish": ("contraseña: <<"), "a short name": ("pw=<<"), "a shorter name": ("pass: <<"), "an access key": ("secretAccessKey: '<<'"), "a key id's neighbour": ('{"SecretString": "<<"}'), "a PIN": ("client_pin_password=<<"), "a passphrase": ("Enter passphrase for key: <<"), "a seed": ('{"totp_secret": "<<"}'), "a mnemonic": ("private_key: 0x<<"),
    "a message to a model": (json.dumps({"role": "user", "content": "my password is <<"})), "arguments of a tool": (json.dumps({"tool_calls": [{"function": {"name": "login", "arguments": json.dumps({"user": "robin", "password": "<<"})}}]})), "a tool's input": (json.dumps({"type": "tool_use", "input": {"api_key": "<<"}})), "a call by protocol": (json.dumps({"jsonrpc": "2.0", "method": "tools/call", "params": {"arguments": {"token": "<<"}}})), "a server's environment": (json.dumps({"mcpServers": {"x": {"env": {"SOME_API_KEY": "<<"}}}})), "a server's arguments": (json.dumps({"args": ["--api-key", "<<"]})), "a server's arguments, joined": (json.dumps({"args": ["--api-key=<<"]})), "an event of a stream": ('data: {"delta": "password: <<"}'),
    "a call of Python": ("OpenAI(api_key='<<')"), "a call of a client": ('openai.api_key = "<<"'), "a script": ("const client = new Client({ apiKey: '<<' })"), "after a picture": ("data:image/png;base64," + "iVBORw0KGgo" * 900 + ' "api_key": "<<"'), "a result of a tool": (json.dumps({"type": "tool_result", "content": "export API_KEY=<<\n"})),
}  # fmt: skip
PROVIDERS: dict[str, str] = {
    "Groq": "gsk_" + _made(52), "Perplexity": "pplx-" + _made(48), "Replicate": "r8_" + _made(37), "OpenRouter": "sk-or-v1-" + _made(64, HEX), "NVIDIA": "nvapi-" + _made(64), "LangSmith": "lsv2_pt_" + _made(32, HEX) + "_" + _made(10, HEX), "Tavily": "tvly-" + _made(32), "Pinecone": "pcsk_" + _made(5) + "_" + _made(63), "Anthropic's admin": "sk-ant-admin01-" + _made(93) + "AA", "OpenAI's service": "sk-svcacct-" + _made(58) + "T3BlbkFJ" + _made(58), "xAI": "xai-" + _made(80), "Hugging Face": "hf_" + _made(34, string.ascii_letters), "Databricks": "dapi" + _made(32, HEX), "Notion": "ntn_" + _made(46),
    "Linear": "lin_api_" + _made(40), "Figma": "figd_" + _made(40), "Doppler": "dp.pt." + _made(43), "Grafana": "glsa_" + _made(32) + "_" + _made(8, HEX), "Telegram": "123456789:AA" + _made(33), "a hook of Slack": "https://hooks.slack.com/services/T" + _made(8, string.ascii_uppercase) + "/B" + _made(8, string.ascii_uppercase) + "/" + _made(24), "a hook of Discord": "https://discord.com/api/webhooks/123456789012345678/" + _made(68), "DeepSeek, labelled": "DEEPSEEK_API_KEY=sk-" + _made(32, HEX), "Supabase": "sbp_" + _made(40, HEX), "Tailscale": "tskey-auth-" + _made(12) + "CNTRL-" + _made(32), "PlanetScale": "pscale_tkn_" + _made(43), "Sentry": "sntryu_" + _made(64, HEX),
    "an age key": "AGE-SECRET-KEY-1" + _made(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"), "Postman": "PMAK-" + _made(24, HEX) + "-" + _made(34, HEX), "Shopify": "shpat_" + _made(32, HEX), "GitLab's runner": "glrt-" + _made(20),
}  # fmt: skip
BEYOND = frozenset(("a file of passwords of PostgreSQL", "mail, LOGIN", "Redis, AUTH"))
"""Told by their places in a protocol only: let through, and said in docs/guard.md."""
CLEAN = [
    '{"passwords": []}', "auth[user]=robin&x=1", "next=%2Fx%3Fpage%3D2%26a%3Db", "?a=1&amp;page=2&amp;b=2", "page\\u003d2", "user,password\nrobin,\n", '<input type="hidden" name="csrf" value="">', 'form-data; name="user"\r\n\r\nrobin\r\n--b', "description: |\n  ordinary text\nuser: robin", "machine h.example login robin", "db.example:5432:app", "//registry.example/:always-auth=true", "curl -u robin https://h.example/", "redis-cli -h h -n 3 ping", "helm install x --set image.tag=v1.2.3", "docker run -e LOG_LEVEL=debug image", "java -Ddb.host=h1 -jar a.jar", '$env:LOG_LEVEL = "debug"', "ENV PASSWORD_FILE /run/secrets/db", "Data Source=x;User Id=u;Encrypt=true;", "jdbc:oracle:thin:@h:1521/x", "robin@db.example:5432/app", "kind: Secret\nmetadata:\n  name: db", "C: PASS", "AUTH PLAIN", "250 AUTH LOGIN PLAIN", "[('accept', '*/*'), ('host', 'h')]", "grant_type=authorization_code&redirect_uri=https://h.example",
    "Settings(user='robin', port=5432)", "tokens=4096", "max_tokens='4096'", "{User:robin Port:5432}", "main.C{User:\"robin\"}", "Config { user: \"robin\" }", "{:user=>\"robin\", :port=>5432}", "| user | robin |", "password changed", "Password changed to a stronger one", "password set to expire", "password -> hash", "password - required", "password (optional)", "password (at least 12 characters)", "wrong password for robin", "logging in with password authentication", "with password protection enabled", "Incorrect API key provided", "**Password:** see the handbook", "Password: `required`", "mot de passe : obligatoire", "Passwort: erforderlich", "pass: 12, fail: 3", "pass: true", "passed: 120", "PASS tests/test_a.py", "PASS: test_login2", "pw=3.5 W", "compass: north", "bypass: cache2", "private_key: /etc/ssl/key.pem", "token: EOF2", "next token: 'hello2'", "token 17 of 4096", "tokens: ['a', 'b2']", '{"type": "tool_use", "name": "login2"}', '{"role": "user", "content": "how do I reset my password?"}', '{"args": ["--api-key"]}', "Enter passphrase for key:", "sk-learn 1.4.2", "hf_hub_download", "gsk_loader.py", "re_compile_2", "r8_unorm", "ntn_count=4", "dapi version 3", "tvly-docs", "pcsk_demo", "PMAK-", "glrt-x", "lin_api_docs", "dp.pt.py",
    "https://hooks.slack.com/services/", "https://discord.com/api/webhooks/", "12345:AAPL up 2%", "set -x LANG en_US.UTF-8", "set -x\necho", "bindpw is missing", "psk unset", "api-key: missing", "Cookie: none", "the key is 'name'", "key='value2'", "keys: a1, b2", "monkey='banana7'", "hotkey=ctrl2", "sort_key=created_at2", "partition_key: user#42", "foreign key=users.id2", "cache_key=page:42", "public_key=ssh-ed25519", "primary key: id42",
]  # fmt: skip


def _label(name: str, text: str) -> tuple[str, Attack]:
    secret = P if PLACE in text else max(text.replace('"', " ").replace("=", " ").replace(":", " ").split(), key=len)
    shown = text.replace(PLACE, P)
    return name, lambda _: secret in redact(shown) or secret in redact(f"2026-11-21 10:00:01 INFO app: {shown} (request 4711)")


def attacks() -> dict[str, Attack]:
    """Each text as it is, and inside of a record."""
    found = dict(_label(f"again, label: {name}", text) for name, text in LABELS.items() if name not in BEYOND)
    return found | {f"again, provider: {name}": (lambda _, text=text: text in redact(f"got {text} from there")) for name, text in PROVIDERS.items()}  # type: ignore[misc]


def twins() -> dict[str, Attack]:
    """The same words where nothing is secret."""
    return {f"again, text: {text[:50]}": (lambda _, text=text: bool(redact(text) == text)) for text in CLEAN}  # type: ignore[misc]
