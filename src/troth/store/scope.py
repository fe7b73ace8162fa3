"""Does a statement keep to one tenant? Asked of every statement, on every back end, before it is executed.

Rules:

* every table with a `tenant` column that a statement reads or changes is tied to the transaction's tenant by a condition that always holds: `tenant = own`
  in the conjunction of a WHERE or of an inner join's ON, directly or by way of another table that is tied (`a.tenant = b.tenant`);
* every row that is inserted names the transaction's tenant, and no row is moved to another;
* what cannot be read (SQL as text, also as one word of a statement: a column, a table that is only a name, an operator, a prefix) is refused.

What was found out about a statement is remembered by its cache key (SQLAlchemy's own name for a form without values): which of its values had to be the
tenant. A statement of that form is looked at again in those values alone, and anew and in full where one of them is not the tenant; what is refused is never
remembered, and neither is a form without a key. Rows that carry a tenant are looked at every time.

On PostgreSQL row-level security says the same a second time, in the database; on SQLite this is the only wall. It guards against forgetting, not against a
program that means to reach round it: such a program holds the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from sqlalchemy import Table
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.sql.dml import Delete, Insert, Update, UpdateBase
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ClauseElement,
    ColumnClause,
    Grouping,
    TextClause,
    UnaryExpression,
)
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import Alias, CompoundSelect, FromClause, Join, Select, TableClause, TableSample

from troth.store.failures import ScopeError

__all__ = ["demand_scope"]

TENANT: Final = "tenant"

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


@dataclass(slots=True)
class _Asked:
    """For whom a statement is executed, and which of its values were found to be that tenant."""

    parameters: Sequence[Mapping[str, Any]]
    tenant: str
    used: list[BindParameter[Any]] = field(default_factory=list)

    def own(self, value: ClauseElement) -> bool:
        """Whether a value is the transaction's tenant, whatever else it may be."""
        if not isinstance(value, BindParameter):
            return False
        if value.value is not None or not value.required:
            own = bool(value.effective_value == self.tenant)
        else:
            own = bool(self.parameters) and all(row.get(value.key) == self.tenant for row in self.parameters)
        if own:
            self.used.append(value)
        return own


_KNOWN: Final[dict[object, tuple[int, ...]]] = {}
"""Form of a statement that was let through -> positions of the values that had to be the tenant."""
_MOST: Final = 2_000
_FUNCTIONS: Final = frozenset(("abs", "avg", "coalesce", "count", "length", "lower", "max", "min", "pg_advisory_xact_lock", "sum", "upper"))
"""What a statement may have the database compute; the lock ends with its transaction, and reads and says nothing."""


def demand_scope(statement: ClauseElement, parameters: Parameters, tenant: str) -> None:
    """Refuse a statement that could reach another tenant's rows.

    Args:
        statement: of SQLAlchemy Core.
        parameters: that it is executed with.
        tenant: the transaction's, as rows name it.

    Raises:
        ScopeError: it could.
    """
    if not isinstance(statement, Select | CompoundSelect | UpdateBase):
        raise ScopeError(f"a {type(statement).__name__} says nothing of tenants that could be checked: use tables")
    asked = _Asked([parameters] if isinstance(parameters, Mapping) else list(parameters or ()), tenant)
    if isinstance(statement, UpdateBase):
        _demand_carried(statement, asked)
    form = statement._generate_cache_key()
    known = _KNOWN.get(form.key) if form is not None else None
    if form is not None and known is not None and all(asked.own(form.bindparams[at]) for at in known):
        return
    asked.used.clear()
    _demand_all_reached(statement, asked)
    if form is not None:
        _remember(form, asked)


def _remember(form: CacheKey, asked: _Asked) -> None:
    places = {id(value): at for at, value in enumerate(form.bindparams)}
    if all(id(value) in places for value in asked.used):
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        _KNOWN[form.key] = tuple(sorted({places[id(value)] for value in asked.used}))


def _demand_read(statement: ClauseElement) -> None:
    """Nothing in a statement is SQL as text, which could say anything: a column or table that is only a name, an operator of one's own, words before or behind.

    Raises:
        ScopeError: something is.
    """
    for element in visitors.iterate(statement):
        text = isinstance(element, TextClause) or (isinstance(element, ColumnClause) and element.is_literal and element.name != "*")
        named = isinstance(element, TableClause) and not isinstance(element, Table)
        own = isinstance(element, BinaryExpression | UnaryExpression) and isinstance(element.operator, operators.custom_op)
        words = any(getattr(element, name, None) for name in ("_prefixes", "_suffixes", "_hints", "_statement_hints"))
        if isinstance(element, FunctionElement) and getattr(element, "name", "") not in _FUNCTIONS:
            raise ScopeError("a function that is not known to only compute: it could say who one is, read files or load code")
        if isinstance(element, UpdateBase) and element is not statement:
            raise ScopeError("a change within another statement is not checked: execute it by itself")
        if text or named or own or words:
            raise ScopeError(f"a part of {_kind(statement)} is SQL as text, which is not read: use tables, columns and values")


def _demand_all_reached(statement: Select[Any] | CompoundSelect[Any] | UpdateBase, asked: _Asked) -> None:
    """Every table of every part is tied."""
    _demand_read(statement)
    if isinstance(statement, Update | Delete):
        _demand_changed(statement, asked)
    selects = list(_selects(statement))
    outer = {id(inner): select.get_final_froms() for select in selects for inner in _nested(select)}
    if isinstance(statement, Update | Delete):
        outer |= {id(inner): [statement.table] for part in _where(statement) for inner in _inner(part) if id(inner) not in outer}
    for select in selects:
        sources = _own_sources(select, outer.get(id(select), []))
        _demand_reached(sources, _conditions(select), statement, asked)


def _where(statement: Update | Delete) -> list[ClauseElement]:
    return [part for clause in statement._where_criteria for part in _conjuncts(clause)]


def _nested(select: Select[Any]) -> Iterator[Select[Any]]:
    """Selects in a select's columns and conditions: these see its tables; those in its FROM do not."""
    for part in (select.whereclause, *select.selected_columns):
        if part is not None:
            yield from _inner(part)


def _inner(clause: ClauseElement) -> Iterator[Select[Any]]:
    waiting: list[Any] = [clause]
    while waiting:
        element = waiting.pop()
        if isinstance(element, Select):
            yield element
        elif not isinstance(element, FromClause):
            waiting.extend(element.get_children())


def _own_sources(select: Select[Any], outer: Sequence[FromClause]) -> Sequence[FromClause]:
    """What a select reads itself: without tables of the enclosing one, unless nothing would be left (then SQLAlchemy reads them anew)."""
    sources = select.get_final_froms()
    above = {id(source) for source in outer}
    return [source for source in sources if id(source) not in above] or sources


def _selects(statement: ClauseElement) -> Iterator[Select[Any]]:
    for element in visitors.iterate(statement):
        if isinstance(element, Select):
            yield element


def _conditions(select: Select[Any]) -> list[ClauseElement]:
    found = list(_conjuncts(select.whereclause))
    for source in select.get_final_froms():
        found.extend(_joined(source))
    return found


def _joined(source: FromClause) -> Iterator[ClauseElement]:
    """Conditions of joins that hold for every row that comes out."""
    if isinstance(source, Join) and not source.full:
        yield from _joined(source.left)
        yield from _joined(source.right)
        if not source.isouter:
            yield from _conjuncts(source.onclause)
            return
        # the ON of an outer join limits what is joined, never what it is joined to: only `right.tenant = own` counts
        right = {id(table) for table in _tables(source.right)}
        for condition in _conjuncts(source.onclause):
            owners = [_owner(side) for pair in _equalities((condition,)) for side in pair]
            if sum(owner is not None for owner in owners) == 1 and any(id(owner) in right for owner in owners):
                yield condition


def _conjuncts(clause: ClauseElement | None) -> Iterator[ClauseElement]:
    if clause is None:
        return
    if isinstance(clause, Grouping):
        yield from _conjuncts(cast(ClauseElement, clause.element))
    elif isinstance(clause, BooleanClauseList) and clause.operator is operators.and_:
        for part in clause.clauses:
            yield from _conjuncts(cast(ClauseElement, part))
    else:
        yield clause


def _tables(source: FromClause) -> Iterator[FromClause]:
    """Tables with tenants below a FROM, aliases as themselves; what a subquery reads is checked as its own select."""
    if isinstance(source, Join):
        yield from _tables(source.left)
        yield from _tables(source.right)
        return
    table = source.element if isinstance(source, Alias | TableSample) else source
    if isinstance(table, Table) and TENANT in table.c:
        yield source


def _demand_reached(
    sources: Iterable[FromClause],
    conditions: Iterable[ClauseElement],
    statement: ClauseElement,
    asked: _Asked,
) -> None:
    wanted = [table for source in sources for table in _tables(source)]
    if not wanted:
        return
    tied: set[int] = set()
    pairs: list[tuple[int, int]] = []
    own = {id(table) for table in wanted}
    for left, right in _equalities(conditions):
        sides = [_owner(side) for side in (left, right)]
        if sides[0] is not None and sides[1] is not None:
            pairs.append((id(sides[0]), id(sides[1])))
            # a table of an enclosing select is tied there, or that select is refused
            tied.update(id(side) for side in sides if side is not None and id(side) not in own)
        elif (table := sides[0] if sides[0] is not None else sides[1]) is not None:
            value = right if sides[0] is not None else left
            if asked.own(value):
                tied.add(id(table))
    _spread(tied, pairs)
    for table in wanted:
        if id(table) not in tied:
            raise ScopeError(f"nothing ties {getattr(table, 'name', 'a table')} to the transaction's tenant in {_kind(statement)}")


def _spread(tied: set[int], pairs: Sequence[tuple[int, int]]) -> None:
    grew = True
    while grew:
        grew = False
        for one, other in pairs:
            if (one in tied) != (other in tied):
                tied.update((one, other))
                grew = True


def _equalities(conditions: Iterable[ClauseElement]) -> Iterator[tuple[ClauseElement, ClauseElement]]:
    for condition in conditions:
        if isinstance(condition, BinaryExpression) and condition.operator is operators.eq:
            yield condition.left, condition.right


def _owner(side: ClauseElement) -> FromClause | None:
    """The table whose tenant column this is."""
    if isinstance(side, ColumnClause) and side.name == TENANT and side.table is not None:
        return side.table
    return None


def _demand_carried(statement: UpdateBase, asked: _Asked) -> None:
    """Rows that a change carries name the transaction's tenant."""
    table = cast(FromClause, statement.table)
    if not isinstance(table, Table) or TENANT not in table.c:
        return
    if isinstance(statement, Insert):
        _demand_rows(statement, asked)
        _demand_covered(statement, asked.tenant)
        return
    for row in [*_values(statement), *asked.parameters]:
        if TENANT in row and not _is_own(row[TENANT], asked):
            raise ScopeError(f"an update would move rows of {table.name} to another tenant")


def _demand_changed(statement: Update | Delete, asked: _Asked) -> None:
    """The rows that are changed, and those of other tables that say which, are the tenant's."""
    table = cast(FromClause, statement.table)
    if isinstance(table, Table) and TENANT in table.c:
        where = _where(statement)
        others = {id(owner): owner for part in where for owner in _mentioned(part)}
        _demand_reached([table, *(owner for key, owner in others.items() if key != id(table))], where, statement, asked)


def _mentioned(clause: ClauseElement) -> Iterator[FromClause]:
    """Tables whose columns a condition names, without those of its subqueries."""
    waiting: list[Any] = [clause]
    while waiting:
        element = waiting.pop()
        if isinstance(element, Select | CompoundSelect):
            continue
        if isinstance(element, ColumnClause) and element.table is not None:
            yield element.table
        waiting.extend(element.get_children())


def _values(statement: UpdateBase) -> list[dict[str, Any]]:
    """Rows that a statement carries in itself, by column name."""
    rows: list[dict[str, Any]] = []
    single = getattr(statement, "_values", None)
    if single:
        rows.append({getattr(name, "name", str(name)): _plain(value) for name, value in single.items()})
    for many in getattr(statement, "_multi_values", ()) or ():
        rows.extend({getattr(name, "name", str(name)): _plain(value) for name, value in row.items()} for row in many)
    return rows


def _plain(value: object) -> object:
    return value.effective_value if isinstance(value, BindParameter) and not value.required else value


def _is_own(value: object, asked: _Asked) -> bool:
    """Whether a value that a row carries is the tenant, also where it comes with the parameters, whatever name it has there."""
    if isinstance(value, BindParameter) and value.required:
        return bool(asked.parameters) and all(row.get(value.key) == asked.tenant for row in asked.parameters)
    return isinstance(value, str) and value == asked.tenant


def _demand_rows(statement: Insert, asked: _Asked) -> None:
    carried, parameters = _values(statement), asked.parameters
    if statement.select is not None:
        raise ScopeError("an insert from a select is not checked: read first, then insert")
    if not any(TENANT in row for row in carried) and not parameters:
        raise ScopeError("an insert names no tenant")
    for row in carried:
        if TENANT in row and not _is_own(row[TENANT], asked):
            raise ScopeError("an insert names another tenant")
    if parameters and not any(TENANT in row for row in carried) and not all(TENANT in row for row in parameters):
        raise ScopeError("an insert names no tenant")
    if any(TENANT in row and row[TENANT] != asked.tenant for row in parameters):
        raise ScopeError("an insert names another tenant")


def _demand_covered(statement: Insert, tenant: str) -> None:
    """A row that is there already is changed only where the conflict is one of the tenant's own keys, and stays the tenant's."""
    clause = statement._post_values_clause
    changes = getattr(clause, "update_values_to_set", None)
    if clause is None or changes is None:
        return
    for name, value in changes.items() if isinstance(changes, Mapping) else changes:
        if getattr(name, "name", str(name)) == TENANT and _plain(value) != tenant:
            raise ScopeError("a row that is there already would be moved to another tenant")
    if TENANT not in {getattr(part, "name", str(part)) for part in getattr(clause, "inferred_target_elements", None) or ()}:
        raise ScopeError("a row that is there already is changed by a key that is not the tenant's own")


def _kind(statement: ClauseElement) -> str:
    return f"a {type(statement).__name__.lower()}"
