"""Room: how much of the disk a desk may take, how much of it one sender may take in a day, and what somebody hears who wants more.

Rules: both limits are settings (`max_gib`, `daily_mib`) and are named to whoever meets them; what was written goes back to them whole, and a mail stays where it was, so that nothing is
lost; files are refused first, so that there is room left for what people write; the team's own letters are never refused for room. What is taken is what the database itself says that it
takes, pages that erasing left free not counted.
"""

from __future__ import annotations

from typing import ClassVar, Final

from sqlalchemy import Engine

from troth.app.desk.gates import rationed
from troth.app.desk.opening import Desk
from troth.errors import DeskError

__all__ = ["FullError", "demand_room", "demand_room_for_mail", "files_refused", "shown", "used_bytes"]

GIB: Final = 1024**3
MIB: Final = 1024**2
_FOR_TEXT: Final = 0.95
"""Share of the room up to which files are taken; what is above is for text."""
_FULL_SOON: Final = 0.8
_SQLITE: Final = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()"
_POSTGRESQL: Final = (
    "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind = 'r' AND n.nspname = 'troth' AND c.relname LIKE 'desk%%'"
)


class FullError(DeskError):
    """The desk has no room left; nothing was stored."""

    code: ClassVar[str] = "desk-full"
    help: ClassVar[str] = "Keep what you wrote and send it later, or use another channel of the policy. Operators: raise max_gib in desk.toml, or erase what is over."


def used_bytes(desk: Desk) -> int:
    """Bytes that the desk's rows take, not older than a second."""
    return desk.recent.get("room", lambda: _asked(desk.store.engine))


def _asked(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(_SQLITE if engine.dialect.name == "sqlite" else _POSTGRESQL).scalar_one())


def _share(desk: Desk) -> float:
    return used_bytes(desk) / (desk.settings.max_gib * GIB)


def shown(desk: Desk) -> str:
    """What is taken, for who keeps the desk."""
    share = _share(desk)
    warning = ": no report is taken any more" if share >= 1 else ": no file is taken any more" if share >= _FOR_TEXT else ": it fills up" if share >= _FULL_SOON else ""
    return f"{used_bytes(desk) / MIB:,.0f} MiB of {desk.settings.max_gib} GiB{warning}"


def files_refused(desk: Desk, sender_kib: int = 0) -> str:
    """Why files are not taken now, for whoever sends them; empty where they are.

    Args:
        desk: the desk.
        sender_kib: what this sender has sent within a day, with this.
    """
    if _share(desk) >= _FOR_TEXT:
        return f"The {desk.settings.max_gib} GiB that this desk has for files are taken. Nothing of your report was stored yet, and what you wrote is below: send it without files, and say that you have some."
    if sender_kib > desk.settings.daily_mib * 1024:
        return (
            f"From your network came more than {desk.settings.daily_mib} MiB within a day, which is all that this desk takes from one sender. Nothing of your report was stored yet, and what you "
            "wrote is below: send it without files, or with them tomorrow."
        )
    return ""


def demand_room(desk: Desk, sender_kib: int = 0) -> None:
    """Refuse text too: where the desk is full, or one sender has sent twice what files may come to.

    Args:
        desk: the desk.
        sender_kib: as for `files_refused`.

    Raises:
        FullError: there is no room.
    """
    if _share(desk) >= 1:
        raise FullError(f"The {desk.settings.max_gib} GiB that this desk may take are taken. Nothing was stored: keep what you wrote, and use another channel of the policy.")
    if sender_kib > 2 * desk.settings.daily_mib * 1024:
        raise FullError(f"From your network came more than {2 * desk.settings.daily_mib} MiB within a day, which is more than this desk takes from one sender. Nothing was stored: keep what you wrote, and send it tomorrow.")


def demand_room_for_mail(desk: Desk, sender: str, size: int) -> None:
    """Refuse a mail for which there is no room; it stays where it came from, and is tried again.

    Args:
        desk: the desk.
        sender: its address.
        size: in bytes.

    Raises:
        FullError: there is no room.
    """
    demand_room(desk)
    if size > MIB and _share(desk) >= _FOR_TEXT:
        raise FullError("there is no room for mails with files")
    if not rationed(desk, f"room of mail {sender.casefold()}", desk.settings.daily_mib, -(-size // MIB)):
        raise FullError(f"more than {desk.settings.daily_mib} MiB came from one address within a day")
