"""Bots that propose newer dependencies: what they are told to watch, how often, and what they leave out."""

from __future__ import annotations

from dataclasses import dataclass

from troth.terms.place import Place

__all__ = ["UpdateBot", "UpdateRule", "Updates"]


@dataclass(frozen=True, slots=True)
class UpdateRule:
    """One thing that a bot watches.

    Attributes:
        ecosystem: the bot's own name (`pip`, `npm`, `github-actions`, `cargo`, `docker`); `*` for whatever it finds.
        folders: folders or globs below the root, without slashes at the ends; "" is the root; `**` for all.
        interval_days: longest stretch between two looks, in days; None where the file does not tell.
        interval: as written.
        place: line of the rule.
        interval_place: line of the interval.
        limit: most open pull requests; 0 switches version updates off (security updates still come).
        ignored: names that it leaves out.
        allowed: names that alone it watches; None for all.
        covers: manifests that it watches.
        enabled: false where the rule switches itself off.
    """

    ecosystem: str
    folders: tuple[str, ...]
    interval_days: float | None
    interval: str
    place: Place
    interval_place: Place
    limit: int | None = None
    ignored: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    enabled: bool = True
    allowed: tuple[str, ...] | None = None

    @property
    def works(self) -> bool:
        """It opens pull requests for version updates: it is on, may open some, and does not ignore everything."""
        return self.enabled and self.limit != 0 and "*" not in self.ignored


@dataclass(frozen=True, slots=True)
class UpdateBot:
    """One bot's configuration.

    Attributes:
        tool: `dependabot` or `renovate`.
        path: its file.
        rules: what it watches; empty where the file is refused.
        problems: why the bot refuses the file, with lines; empty where it accepts it.
        active: false for a file that lies where the bot does not look.
    """

    tool: str
    path: str
    rules: tuple[UpdateRule, ...] = ()
    problems: tuple[tuple[int, str], ...] = ()
    active: bool = True

    @property
    def works(self) -> bool:
        """The bot reads the file, accepts it, and at least one rule opens pull requests."""
        return self.active and not self.problems and any(rule.works for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Updates:
    """All update bots of the tree."""

    bots: tuple[UpdateBot, ...] = ()

    @property
    def working(self) -> tuple[UpdateBot, ...]:
        """Bots that can open pull requests."""
        return tuple(bot for bot in self.bots if bot.works)
