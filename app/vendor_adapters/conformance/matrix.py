"""What became of each check on each adapter, as a table for the end of a run."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

WIDEST = 76
"""Characters of a title that fit into the table."""


class Verdict(Enum):
    """The end of one check on one adapter."""

    PASSED = "pass"
    SKIPPED = "skip"
    FAILED = "FAIL"


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One line of the table: a check's number among the 26 (0: a rule of the port) and its title."""

    number: int
    title: str


@dataclass(slots=True)
class Matrix:
    """Verdicts by row and adapter; a later, worse verdict of the same test replaces the one before."""

    _verdicts: dict[tuple[Row, str, str], Verdict] = field(default_factory=dict)
    _reasons: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def note(self, row: Row, adapter: str, test: str, verdict: Verdict, reasons: tuple[str, ...] = ()) -> None:
        """Note what became of ``test``; ``reasons`` say why it was skipped."""
        known = self._verdicts.get((row, adapter, test))
        if known is not Verdict.FAILED:
            self._verdicts[row, adapter, test] = verdict
        if reasons:
            self._reasons[adapter, test] = reasons

    @property
    def is_empty(self) -> bool:
        """Whether no check has run."""
        return not self._verdicts

    def lines(self) -> Iterator[str]:
        """Yield the table, the sums, and the declared skips by reason."""
        adapters = sorted({adapter for _, adapter, _ in self._verdicts})
        columns = [max(len(adapter), 15) for adapter in adapters]
        yield " " * (WIDEST + 7) + "  ".join(name.ljust(width) for name, width in zip(adapters, columns, strict=True))
        for row in sorted({row for row, _, _ in self._verdicts}):
            number = str(row.number) if row.number else "-"
            cells = (self._cell(row, name).ljust(width) for name, width in zip(adapters, columns, strict=True))
            yield f"{number:>3}  {row.title[:WIDEST]:<{WIDEST}}  {'  '.join(cells)}".rstrip()
        for adapter in adapters:
            yield f"{adapter}: {self._sums(adapter)}"
        yield from self._skips()

    def _cell(self, row: Row, adapter: str) -> str:
        found = Counter(verdict for (of, by, _), verdict in self._verdicts.items() if of == row and by == adapter)
        return _counted(found) if sum(found.values()) > 1 else "".join(verdict.value for verdict in found) or "not run"

    def _sums(self, adapter: str) -> str:
        return _counted(Counter(verdict for (_, by, _), verdict in self._verdicts.items() if by == adapter))

    def _skips(self) -> Iterator[str]:
        """A check that needs several things counts for each of them."""
        by_reason = Counter((adapter, reason) for (adapter, _), given in self._reasons.items() for reason in given)
        for (adapter, reason), count in sorted(by_reason.items()):
            yield f"declared skips of {adapter}: {count:>3}  {reason}"


def _counted(found: Counter[Verdict]) -> str:
    return ", ".join(f"{found[verdict]} {verdict.value}" for verdict in Verdict if found[verdict])
