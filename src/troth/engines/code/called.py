"""The calls of a file by their names, for rules that ask for some of them: what is written last in a call is asked first, since following a name costs more than reading it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property

from troth.engines.code.site import Site

__all__ = ["Called"]


class Called:
    """Calls by the last part of their names; those of which it is not written (a bare name, a field that holds a function) by the names that they may mean."""

    def __init__(self, sites: Iterable[Site], held: frozenset[str]) -> None:
        """Sort them.

        Args:
            sites: all calls.
            held: names of fields of classes of the file, which may hold functions of any name.
        """
        self._written: dict[str, list[Site]] = {}
        self._bare: list[Site] = []
        for site in sites:
            function = site.node.func
            if isinstance(function, ast.Attribute) and function.attr not in held:
                self._written.setdefault(function.attr, []).append(site)
            else:
                self._bare.append(site)

    @cached_property
    def _loose(self) -> dict[str, list[Site]]:
        table: dict[str, list[Site]] = {}
        for site in self._bare:
            for name in site.names:
                table.setdefault(name, []).append(site)
        return table

    def named(self, names: tuple[str, ...]) -> Iterator[Site]:
        """Calls that may mean any of the names, each once."""
        wanted = frozenset(names)
        yield from {id(site): site for name in names if name in self._loose for site in self._loose[name]}.values()
        for last in sorted({name.rpartition(".")[2] for name in names} & self._written.keys()):
            yield from (site for site in self._written[last] if not wanted.isdisjoint(site.names))

    def ending(self, ends: tuple[str, ...]) -> Iterator[Site]:
        """Calls of which a name ends in any of the given, each once."""
        yield from {id(site): site for name, sites in self._loose.items() if name.endswith(ends) for site in sites}.values()
        for last in sorted({name.rpartition(".")[2] for name in ends} & self._written.keys()):
            yield from (site for site in self._written[last] if any(name.endswith(ends) for name in site.names))
