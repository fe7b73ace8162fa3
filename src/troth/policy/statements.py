"""From blocks to statements: context, sentences, places.

Rules: a statement's line is the physical line on which its own text starts; a list item, each further sentence of a paragraph, a table row, a code
sample and each commented part of a sample are statements of their own. Context is resolved here once: headings, lead-ins (parent items, a line
that ends with a colon, a bold line that stands alone, the header row of a table), the bold label, the section's type.

Does not decide whether a statement is a promise of a control: `match` does.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from typing import Final

from troth.policy import durations, sentences
from troth.policy.inline import Plain, Run, plain
from troth.policy.labels import MAX_CONTEXT, clip, introduces, label_of, stands_alone, unlabelled
from troth.policy.markdown import (
    Block,
    Code,
    Document,
    Footnote,
    Heading,
    Html,
    Item,
    Items,
    Paragraph,
    Quote,
    Row,
    Table,
)
from troth.policy.modality import clause, imperative, modality
from troth.policy.polarity import hedged, polarity, tick
from troth.policy.sections import section_of, type_of
from troth.terms.place import Span
from troth.terms.promise import Kind, Polarity, Section, Statement

__all__ = ["MAX_CODE", "MAX_STATEMENTS", "statements"]

MAX_STATEMENTS: Final = 20_000
"""Most statements that are read of one policy."""
MAX_CODE: Final = 20_000
"""Characters of a code sample that patterns see."""

_CLAIM: Final = re.compile(r"\b(?:do not|don't|never|must|cannot|no longer|only)\b|\bv?\d+\.\d+(?:\.\w+)?(?:-?(?:alpha|beta|rc|dev|pre)\b|[-.](?:alpha|beta|rc))|\bwithin \d", re.IGNORECASE)
_GENERIC: Final = re.compile(r"^(?:report(?:ing)?|contact|contribute|credit|acknowledge)\b.{0,50}$|^(?:test|build|access|design|process|control|release|issue|scope|log|back)\b", re.IGNORECASE)
_NUMBERED: Final = re.compile(r"^(?:step\s+)?\d{1,3}[.):]\s*", re.IGNORECASE)
_COMMENT: Final = re.compile(r"^\s*(?:#(?!!)|//|--\s|%|;|<!--|/\*|REM\s|::\s)\s*(?P<words>.*?)\s*(?:\*/|-->)?\s*$", re.IGNORECASE)
_ONLY_IMAGES: Final = re.compile(r"(?:\s*\[?!\[[^\]]{0,300}\]\([^()]{0,600}\)(?:\]\([^()]{0,600}\))?)+\s*")
_ASKS: Final = re.compile(r"(?:(?:please|also|kindly|and|,)\s+)*(?:include|provide|describe|attach|tell us|let us know)\b(?!.{0,80}\b(?:contact|channel)\b)", re.IGNORECASE)
_ABOUT_REPORTS: Final = frozenset({Section.REPORTING, Section.DISCLOSURE, Section.CONTACT})
_BANNED_HTML: Final = re.compile(r"<(script|style|template)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)


Ranges = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Context:
    """What surrounds a block."""

    headings: tuple[str, ...] = ()
    lead_in: tuple[str, ...] = ()


@dataclass(slots=True)
class Reader:
    """One pass over a document.

    Attributes:
        document: what is read.
        path: written into every statement.
        found: statements so far.
        comments: (position, text) of HTML comments.
        full: true when `MAX_STATEMENTS` was reached.
    """

    document: Document
    path: str
    found: list[Statement] = field(default_factory=list)
    comments: list[tuple[int, str]] = field(default_factory=list)
    footnotes: dict[str, str] = field(default_factory=dict)
    later: list[tuple[Footnote, _Context]] = field(default_factory=list)
    full: bool = False

    def walk(self, blocks: tuple[Block, ...], context: _Context) -> None:
        """Read blocks that stand beside each other."""
        headings = [(0, name) for name in context.headings]
        pseudo: tuple[str, ...] = ()
        intro: tuple[str, ...] = ()
        for number, block in enumerate(blocks):
            if self.filled():
                return
            here = _Context(tuple(name for _, name in headings), context.lead_in + pseudo + intro)
            intro = ()
            following = blocks[number + 1] if number + 1 < len(blocks) else None
            match block:
                case Heading():
                    headings = [pair for pair in headings if pair[0] < block.level]
                    self.heading(block, _Context(tuple(name for _, name in headings), context.lead_in))
                    headings.append((block.level, clip(plain(block.run, self.document.references).text)))
                    pseudo = ()
                case Paragraph():
                    here = replace(here, lead_in=context.lead_in + pseudo)
                    alone, intro = self.paragraph(block, here, following)
                    if alone:
                        here = replace(here, lead_in=context.lead_in)
                        pseudo, intro = intro, ()
                case _:
                    self.other(block, here)

    def other(self, block: Block, context: _Context) -> None:
        """Read a block that is neither heading nor paragraph."""
        match block:
            case Items():
                for item in block.items:
                    self.item(item, context)
            case Table():
                for row in block.rows:
                    self.row(block, row, context)
            case Code():
                self.code(block, context)
            case Html():
                self.html(block, context)
            case Quote():
                self.walk(block.blocks, context)
            case Footnote():
                self.later.append((block, context))

    def heading(self, block: Heading, context: _Context) -> None:
        """A heading is a statement only where it claims or orders something."""
        view = plain(block.run, self.document.references)
        words = _NUMBERED.sub("", view.text[sentences.symbols_end(view.text) :]).strip()
        if _CLAIM.search(words) or (imperative(words) and " " in words and not _GENERIC.match(words)):
            self.add(view, block.run, context, kind=Kind.HEADING, ranges=[(0, len(view.text))])

    def paragraph(self, block: Paragraph, context: _Context, following: Block | None) -> tuple[bool, tuple[str, ...]]:
        """Read a paragraph; says whether it is a label that stands alone, and the lead-in that it gives to what follows."""
        if _ONLY_IMAGES.fullmatch(block.run.text[:4000]):
            return False, ()
        view = plain(block.run, self.document.references)
        ranges = sentences.split(view)
        if not ranges:
            self.comments.extend(view.comments)
            return False, ()
        start, stop = ranges[-1]
        last = view.text[start:stop]
        alone = len(ranges) == 1 and stands_alone(view, start, stop)
        opens = isinstance(following, (Items, Code, Table, Quote))
        leads = alone or (opens and introduces(last))
        children = self.lines_of(following) if leads and opens else ()
        self.add(view, block.run, context, kind=Kind.PARAGRAPH, children=children, ranges=ranges)
        return alone, (clip(last[sentences.symbols_end(last) :]),) if leads else ()

    def lines_of(self, block: Block | None) -> tuple[int, ...]:
        """Lines (1-based) of a block that a statement introduces; blank ones left out."""
        if not isinstance(block, (Items, Code, Table)):
            return ()
        return self.full_lines(block.first, block.last)

    def full_lines(self, first: int, last: int) -> tuple[int, ...]:
        """Lines of `[first, last)` (0-based) that are not blank, 1-based."""
        return tuple(number + 1 for number in range(first, min(last, len(self.document.starts))) if self.source(number).strip(" \t>"))

    def source(self, number: int) -> str:
        """Source of a line (0-based)."""
        starts, text = self.document.starts, self.document.text
        return text[starts[number] : starts[number + 1] - 1 if number + 1 < len(starts) else len(text)]

    def item(self, item: Item, context: _Context) -> None:
        """A list item: its own sentences, then what is nested in it."""
        if self.filled():
            return
        if not item.blocks or not isinstance(item.blocks[0], Paragraph):
            self.walk(item.blocks, context)
            return
        head, rest = item.blocks[0], item.blocks[1:]
        view = plain(head.run, self.document.references)
        own = self.line_at(head.run.at[-1]) if head.run.at else item.first + 1
        children = self.full_lines(own, item.last) if rest else ()
        self.add(view, head.run, context, kind=Kind.ITEM, children=children)
        if rest:
            text = clip(view.text[sentences.symbols_end(view.text) :])
            self.walk(rest, replace(context, lead_in=(*context.lead_in, text) if text else context.lead_in))

    def row(self, table: Table, row: Row, context: _Context) -> None:
        """A table row is one statement."""
        if self.filled():
            return
        cells = tuple(plain(cell, self.document.references).text for cell in row.cells)
        spans = [cell.at for cell in row.cells if cell.at]
        if not spans or not any(re.search(r"\w|[^\s|=+-]", cell) for cell in cells):
            return
        columns = tuple(plain(cell, self.document.references).text for cell in table.header.cells)
        header = " | ".join(column for column in columns if column)
        here = replace(context, lead_in=(*context.lead_in, header) if header else context.lead_in)
        text = " | ".join(cells)[: sentences.MAX_SENTENCE]
        marks = [mark for mark in (tick(cell) for cell in cells[1:]) if mark is not None]
        span = Span(spans[0][0], spans[-1][-1] + 1)
        section = section_of((*context.lead_in, header), context.headings)
        base = self.statement(span, text, here, kind=Kind.ROW, section=section, mark=marks[-1] if marks else None)
        self.found.append(replace(base, cells=cells, columns=columns))

    def code(self, block: Code, context: _Context) -> None:
        """A code sample: one statement for all of it, and one for each part that a comment opens."""
        if not block.content.strip():
            return
        lines = block.content.split("\n")
        last = block.last
        while last > block.first + 1 and not self.source(last - 1).strip():
            last -= 1
        section = section_of(context.lead_in, context.headings)
        parts = _parts(lines)
        fence = self.source(block.first)
        mark = re.search(r"[`~]{3}|-{4}|\.{4}", fence) if block.body[0] > block.first else None
        start = mark.start() if mark else len(fence) - len(fence.lstrip()) if block.body[0] > block.first else self.column(block.first, lines[0])
        span = Span(self.document.starts[block.first] + start, self.end_of(last - 1))
        whole = self.statement(span, block.content.rstrip()[:MAX_CODE], context, kind=Kind.CODE, section=section)
        children = tuple(block.body[0] + part[0] + 1 for part in parts)
        self.found.append(replace(whole, language=block.language, children=children))
        for begin, end, comment in parts:
            if self.filled():
                return
            first = block.body[0] + begin
            span = Span(self.document.starts[first] + self.column(first, lines[begin]), self.end_of(block.body[0] + end - 1))
            text = "\n".join(lines[begin:end])[:MAX_CODE]
            part = self.statement(span, text, context, kind=Kind.CODE, section=section, label=comment[:MAX_CONTEXT])
            self.found.append(replace(part, language=block.language, durations=durations.find(comment[:MAX_CONTEXT])))

    def html(self, block: Html, context: _Context) -> None:
        """Text that raw HTML shows; scripts and comments are not text."""
        run = block.run
        hidden = [match.span() for match in _BANNED_HTML.finditer(run.text)]
        if hidden:
            keep = [i for (a, b) in _outside(hidden, len(run.text)) for i in range(a, b)]
            run = Run("".join(run.text[i] for i in keep), [run.at[i] for i in keep])
        view = plain(run, self.document.references)
        self.add(view, run, context, kind=Kind.PARAGRAPH)

    def column(self, number: int, content: str) -> int:
        """Column at which a line's content starts, after the marks of the blocks around it."""
        return max(0, self.source(number).rfind(content.strip()))

    def end_of(self, number: int) -> int:
        """Position after the last visible character of a line (0-based)."""
        return self.document.starts[number] + len(self.source(number).rstrip())

    def line_at(self, position: int) -> int:
        """Line (1-based) of a position."""
        return bisect_right(self.document.starts, position)

    def add(self, view: Plain, run: Run, context: _Context, *, kind: Kind, children: tuple[int, ...] = (), ranges: Ranges | None = None) -> None:
        """Turn the sentences of one block into statements; the last one carries what the block introduces."""
        self.comments.extend(view.comments)
        ranges = sentences.split(view) if ranges is None else ranges
        section = section_of(context.lead_in, context.headings)
        label = label_of(view, ranges[0]) if ranges else None
        for number, (start, stop) in enumerate(ranges):
            if self.filled():
                return
            opens = sentences.symbols_end(view.text, start, stop)
            text = view.text[min(opens, stop) : stop]
            if not re.search(r"\w", text):
                continue
            last = number == len(ranges) - 1
            own = type_of(text) if kind is Kind.HEADING or (last and children) else Section.OTHER
            if own is Section.REPORT_CONTENTS and "@" in text:
                own = Section.OTHER
            if section in _ABOUT_REPORTS and _ASKS.match(text):
                own = Section.REPORT_CONTENTS
            made = self.statement(
                _span(view, run, ranges, number),
                text,
                context,
                kind=kind,
                section=section if own is Section.OTHER else own,
                label=(label_of(view, (start, stop)) if number else label) or (label if kind is Kind.ITEM else None),
                mark=tick(view.text[start:stop]) if opens > start else None,
            )
            self.found.append(replace(made, children=children) if last and children else made)
            for _, name in view.footnotes[bisect_left(view.footnotes, (start, "")) : bisect_right(view.footnotes, (stop + 1, "\uffff"))]:
                self.footnotes.setdefault(name, clip(text))

    def filled(self) -> bool:
        """True once no more statements are read."""
        self.full = self.full or len(self.found) >= MAX_STATEMENTS
        return self.full

    def statement(
        self, span: Span, text: str, context: _Context, *, kind: Kind, section: Section, label: str | None = None, mark: bool | None = None
    ) -> Statement:
        """Build one statement."""
        first, last = self.line_at(span.start), self.line_at(max(span.start, span.end - 1))
        prose = kind is not Kind.CODE
        bare = text if label is None or not prose else unlabelled(text, label)
        points = polarity(_negatable(text, label, bare), mark, section, (context.lead_in or context.headings or ("",))[-1]) if prose else Polarity.POSITIVE
        around = " / ".join((*context.headings, *context.lead_in))
        return Statement(
            path=self.path,
            line=first,
            lines=tuple(range(first, last + 1)),
            span=span,
            quote=self.document.text[span.start : span.end],
            text=text,
            kind=kind,
            headings=context.headings,
            lead_in=context.lead_in,
            label=label,
            section=section,
            polarity=points,
            modality=modality(bare[:1000], kind=kind, label=label, section=section, context=around, points=points),
            durations=durations.find(text) if prose else (),
            hedged=prose and hedged(text),
        )


def statements(document: Document, path: str) -> Reader:
    """Read a document; the reader returned holds statements in order of place."""
    reader = Reader(document, path)
    reader.walk(document.blocks, _Context())
    for note, context in reader.later:
        owner = reader.footnotes.get(note.label)
        reader.walk(note.blocks, replace(context, lead_in=(*context.lead_in, owner) if owner else context.lead_in))
    reader.found.sort(key=lambda made: (made.span.start, -made.span.end))
    return reader


def _parts(lines: list[str]) -> list[tuple[int, int, str]]:
    """Parts of a sample, cut at blank lines, that open with a comment: first and last line (half open), comment."""
    parts: list[tuple[int, int, str]] = []
    begin: int | None = None
    for number, line in enumerate([*lines, ""]):
        if line.strip():
            begin = number if begin is None else begin
        elif begin is not None:
            comment = _COMMENT.match(lines[begin][:500])
            if comment and comment["words"]:
                parts.append((begin, number, comment["words"]))
            begin = None
    return parts


def _outside(hidden: Ranges, length: int) -> Ranges:
    edges = [0, *(edge for pair in hidden for edge in pair), length]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _span(view: Plain, run: Run, ranges: Ranges, number: int) -> Span:
    """Exact source of a sentence, markup that touches it included."""
    start, stop = ranges[number]
    low = bisect_left(run.at, view.ends[ranges[number - 1][1] - 1]) if number else 0
    high = bisect_left(run.at, view.at[ranges[number + 1][0]]) if number + 1 < len(ranges) else len(run.at)
    first = bisect_left(run.at, view.at[start])
    while first > low and not run.text[first - 1].isspace():
        first -= 1
    last = bisect_left(run.at, view.ends[stop - 1])
    while last < high and not run.text[last].isspace():
        last += 1
    return Span(run.at[first], run.at[last - 1] + 1)


def _negatable(text: str, label: str | None, bare: str) -> str:
    """Words that decide the polarity: a label that denies or that is a clause counts ("**No Rate Limiting** - ...")."""
    return text if label and (clause(label) or re.match(r"(?:no|never|do not|don't|plain|limited|unvalidated)\b", label, re.IGNORECASE)) else bare
