"""The secrets file itself: open, judge, parse, write. See the package's text for the rules."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from troth.errors import GuardError
from troth.guard.secrets.values import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

__all__ = ["SecretsFileError", "load", "load_as", "on_load", "save"]

LIMIT_BYTES: Final = 1024 * 1024
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_listeners: list[Callable[[str], None]] = []

Tree = Mapping[str, "Secret | Tree"]
Model = TypeVar("Model", bound="BaseModel")

_DEEPEST: Final = 64
"""Levels of a secrets file in YAML."""
_DOTS: Final = 200
"""In one line of TOML: the parser's time and memory grow with the square of a dotted key's parts."""
_COPIES: Final = ("{}~", "{}.bak", "{}.old", "{}.orig", "{}.save", "{}.backup", "{}.tmp", ".{}.swp", ".{}.swo", "#{}#", ".#{}")
"""What editors and people leave beside a file: the same values, often with the mode of the umask."""


class SecretsFileError(GuardError):
    """A secrets file was refused. Nothing of it was used.

    Args:
        because: one sentence, never with content of the file.
        command: the exact command that mends it, or None.
    """

    code = "secrets-file"
    help = "Run the command in the message; a secrets file belongs to one user, mode 0600, and is never committed."

    def __init__(self, because: str, command: str | None = None) -> None:
        super().__init__(because + (f" Mend it: {command}" if command else ""))
        self.because = because
        self.command = command


def on_load(listener: Callable[[str], None]) -> None:
    """Be told every value that is loaded from now on, as the process's own redactor is: for another redactor, or a library with one of its own.

    Args:
        listener: called with the plain text of each value.
    """
    _listeners.append(listener)


def load(path: str | os.PathLike[str], *, parents: bool = True) -> Tree:
    """Read a secrets file.

    Args:
        path: `.yaml`/`.yml`, `.toml`, `.json`, or anything else as `.env` (`KEY=VALUE` lines).
        parents: also refuse directories above it that others can write (unless sticky, as /tmp).

    Returns:
        Names to `Secret`s, nested as in the file; numbers and truth values become their text.

    Raises:
        SecretsFileError: not there, not private, not a plain file, too large (1 MiB), or not parsable.
    """
    place = _place(path)
    if parents:
        _demand_private_parents(place)
    data = _read(place)
    _demand_private_copies(place)
    tree = _secret_tree(_parse(data, place), place)
    _tell(tree)
    return tree


def load_as(path: str | os.PathLike[str], model: type[Model], *, parents: bool = True) -> Model:
    """Read a secrets file into a pydantic model (its `SecretStr` fields stay covered).

    Raises:
        SecretsFileError: see `load`; or the model refuses the values (the message names fields, never values).
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(_plain(load(path, parents=parents)))
    except ValidationError as error:
        fields = ", ".join(
            sorted(
                {
                    ".".join(map(str, each["loc"])) + f" ({each['type']})"
                    for each in error.errors(include_input=False, include_url=False)
                }
            )
        )
        raise SecretsFileError(f"{os.fspath(path)} does not fit {model.__name__}: {fields}.") from None


def save(path: str | os.PathLike[str], values: Mapping[str, str | Secret]) -> None:
    """Write a flat secrets file, mode 0600 from its first byte, as a whole.

    Args:
        path: by its name `.json`, `.yaml` (as JSON, which it contains), `.toml` or `.env` form; an existing private file is replaced, anything else there is refused.
        values: names to texts.

    Raises:
        SecretsFileError: the target is a link, no regular file, or a name or value cannot be written in this form.
    """
    place = _place(path)
    _demand_private_parents(place)
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.lstat(place).st_mode):
            raise SecretsFileError(f"{place} is a link or no regular file; it is not written.")
    plain = {name: value.reveal() if isinstance(value, Secret) else value for name, value in values.items()}
    text = _text(plain, place)
    temporary = place.with_name(f".{place.name}.{os.urandom(8).hex()}")
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | os.O_CLOEXEC, 0o600
    )
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)  # a umask can only tighten; an inherited ACL could have widened
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, place)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    for value in plain.values():
        _announce(value)


def _text(plain: Mapping[str, str], place: Path) -> str:
    import json

    for name, value in plain.items():
        if not isinstance(value, str) or "\0" in value or not _encodable(name + value):
            raise SecretsFileError(f"{name!a} cannot be written: its value is no text, or holds a NUL or a lone surrogate.")
    if place.suffix in (".json", ".yaml", ".yml"):
        # what is escaped reads the same to both but beyond U+FFFF, so that is written as it is
        return json.dumps(dict(plain), indent=2, ensure_ascii=False).replace("\x7f", "\\u007f").replace("\x85", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + "\n"
    if place.suffix == ".toml":
        return "".join(f"{_toml(name)} = {_toml(value)}\n" for name, value in plain.items())
    return "".join(_env_line(name, value) for name, value in plain.items())


def _encodable(text: str) -> bool:
    try:
        return bool(text.encode()) or True
    except UnicodeEncodeError:
        return False


def _toml(text: str) -> str:
    """A basic string, whose escapes are those of JSON."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _env_line(name: str, value: str) -> str:
    if not name.isidentifier() or len(value.splitlines()) > 1 or value != value.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029") or "'" in value:
        raise SecretsFileError(
            f"{name!r} cannot be written as KEY=VALUE (an odd name, or a line end or quote in its value); use .json."
        )
    return f"{name}='{value}'\n"


def _place(path: str | os.PathLike[str]) -> Path:
    from pathlib import Path

    name = os.fspath(path)
    if "\0" in name or max(len(part.encode("utf-8", "surrogatepass")) for part in name.split("/")) > 255:
        raise SecretsFileError("This is no path of a file: a NUL, or a part of more than 255 bytes.")
    return Path(os.path.abspath(name))


def _read(place: Path) -> bytes:
    try:
        descriptor = os.open(
            place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | os.O_CLOEXEC
        )
    except UnicodeEncodeError:
        raise SecretsFileError("This is no path of a file: it holds a lone surrogate.") from None
    except OSError as error:
        link = place.is_symlink()
        raise SecretsFileError(
            f"{place} {'is a symbolic link' if link else f'cannot be opened: {error.strerror}'}."
        ) from None
    try:
        _demand_private(os.fstat(descriptor), place)
    except SecretsFileError:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(LIMIT_BYTES + 1)
    if len(data) > LIMIT_BYTES:
        raise SecretsFileError(f"{place} is larger than 1 MiB.")
    return data


def _demand_private(status: os.stat_result, place: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SecretsFileError(f"{place} is no regular file.")
    if os.name == "nt":
        return  # permission bits mean nothing there; the user's profile directory is private by its ACL
    if status.st_nlink > 1:
        raise SecretsFileError(
            f"{place} has another name (a hard link) elsewhere.",
            f"cp -p {_quoted(place)} {_quoted(place)}.new && mv {_quoted(place)}.new {_quoted(place)}",
        )
    if status.st_uid != os.geteuid():
        raise SecretsFileError(
            f"{place} belongs to another user (uid {status.st_uid}).", f"chown {os.geteuid()} {_quoted(place)}"
        )
    if status.st_mode & (_OTHERS | stat.S_IXUSR | stat.S_ISUID | stat.S_ISGID):
        raise SecretsFileError(
            f"{place} has mode {stat.S_IMODE(status.st_mode):04o}; others may read or write it.",
            f"chmod 600 {_quoted(place)}",
        )


def _demand_private_parents(place: Path) -> None:
    if os.name == "nt":
        return
    # a link above the file is held by whoever can write where it leads as well as where it lies
    for folder in dict.fromkeys((*place.parents, *place.parent.resolve().parents, place.parent.resolve())):
        try:
            status = os.lstat(folder)
        except OSError as error:
            raise SecretsFileError(f"{folder} cannot be looked at: {error.strerror}.") from None
        if stat.S_ISLNK(status.st_mode):
            status = os.stat(folder)
        writable = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX
        if writable:
            raise SecretsFileError(
                f"Others can write the directory {folder}, and so replace the file.", f"chmod go-w {_quoted(folder)}"
            )
        if status.st_uid not in (0, os.geteuid()):
            raise SecretsFileError(
                f"The directory {folder} belongs to another user (uid {status.st_uid}), who can replace the file."
            )


def _demand_private_copies(place: Path) -> None:
    """Copies beside the file that others can read give its values away, however private it is itself."""
    if os.name == "nt":
        return
    for form in _COPIES:
        copy = place.with_name(form.format(place.name))
        with suppress(OSError):
            status = os.lstat(copy)
            if stat.S_ISREG(status.st_mode) and status.st_mode & _OTHERS and status.st_size:
                raise SecretsFileError(f"{copy} is a copy beside the secrets file, mode {stat.S_IMODE(status.st_mode):04o}; others may read it.", f"chmod 600 {_quoted(copy)}")


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))


def _parse(data: bytes, place: Path) -> object:
    try:
        text = data.decode("utf-8-sig")
        if "\0" in text:  # whoever hands the value on, to C or to the environment, would cut it there
            raise SecretsFileError(f"{place} holds a NUL.")
        if place.suffix in (".yaml", ".yml"):
            return _yaml(text, place)
        if place.suffix == ".toml":
            import tomllib

            if any(line.count(".") > _DOTS for line in text.split("\n")):
                raise SecretsFileError(f"{place} has a line with more than {_DOTS} dots, which a secrets file does not need.")
            return tomllib.loads(text)
        if place.suffix == ".json":
            import json

            return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        # parsers quote the text around a mistake, which here may be a secret
        raise SecretsFileError(f"{place} cannot be parsed ({type(error).__name__}).") from None
    return _env(text, place)


def _once(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """A mapping of names that occur once: of two values one reader takes the first and another the last."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name twice")
    return made


def _yaml(text: str, place: Path) -> object:
    try:
        import yaml
    except ImportError:
        raise SecretsFileError(f"{place} is YAML, and PyYAML is not installed.", "pip install pyyaml") from None
    try:
        depth = 0
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, (yaml.AliasToken, yaml.AnchorToken, yaml.TagToken)):
                raise SecretsFileError(f"{place} uses anchors, aliases or tags, which a secrets file does not need.")
            depth += type(token).__name__.endswith("StartToken")
            depth -= isinstance(token, (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken))
            if depth > _DEEPEST:  # the parser's time grows with the square of this
                raise SecretsFileError(f"{place} is nested deeper than {_DEEPEST} levels.")

        class Texts(yaml.SafeLoader):  # type: ignore[misc]
            """Numbers, dates and truth values stay the text that is written: `0123` is a PIN and no octal number, and `1:1:1...` no sum that takes seconds."""

            yaml_implicit_resolvers = {letter: [rule for rule in rules if rule[0] == "tag:yaml.org,2002:null"] for letter, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}  # noqa: RUF012 - as the parent has it

            def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401 - as the parent has it
                _once([(self.construct_object(key, deep=True), None) for key, _ in node.value])
                made: dict[Any, Any] = super().construct_mapping(node, deep)
                return made

        return yaml.load(text, Loader=Texts)  # noqa: S506 - a SafeLoader with fewer types
    except (yaml.YAMLError, TypeError) as error:
        raise SecretsFileError(f"{place} cannot be parsed ({type(error).__name__}).") from None


def _env(text: str, place: Path) -> dict[str, str]:
    values = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):  # not what else Unicode calls a line end: a value may hold it
        entry = line.strip().removeprefix("export ").strip()
        if not entry or entry.startswith("#"):
            continue
        name, separator, value = entry.partition("=")
        if not separator or not name.strip().isidentifier():
            raise SecretsFileError(f"{place}:{number} is no KEY=VALUE line.")
        values[name.strip()] = _unquoted(value.strip())
    return values


def _unquoted(value: str) -> str:
    for quote in ("'", '"'):
        if len(value) >= 2 and value[0] == value[-1] == quote:
            return value[1:-1]
    return value.split(" #", 1)[0].rstrip()


def _secret_tree(parsed: object, place: Path, depth: int = 0) -> Tree:
    if not isinstance(parsed, dict) or depth > 20:
        raise SecretsFileError(f"{place} must hold names and values{', nested at most 20 deep' if depth else ''}.")
    return {str(name): _secret(value, place, depth) for name, value in parsed.items() if value is not None}


def _secret(value: object, place: Path, depth: int) -> Secret | Tree:
    if isinstance(value, dict):
        return _secret_tree(value, place, depth + 1)
    if isinstance(value, list):
        return {str(index): _secret(item, place, depth + 1) for index, item in enumerate(value)}
    if isinstance(value, bool):
        return Secret("true" if value else "false")
    try:
        text = str(value)
    except ValueError:  # more digits than Python turns into text
        text = ""
    if (not text and value != "") or not _encodable(text):
        raise SecretsFileError(f"{place} holds a value that is no text: a number of thousands of digits, or a lone surrogate.")
    return Secret(text)


def _plain(tree: Tree) -> dict[str, object]:
    return {name: value.reveal() if isinstance(value, Secret) else _plain(value) for name, value in tree.items()}


def _tell(tree: Tree) -> None:
    for value in tree.values():
        if isinstance(value, Secret):
            _announce(value.reveal())
        else:
            _tell(value)


def _announce(value: str) -> None:
    from troth.guard.redact.objects import remember_soon  # only a program that loads secrets needs it

    remember_soon(value, "from the secrets file")
    for listener in _listeners:
        listener(value)
