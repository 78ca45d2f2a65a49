"""What is wrong with a campaign file: a name, the line, and why in words."""

from collections.abc import Mapping
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Where in the file: keys and list positions, such as ``("campaign", 0, "offer", 1, "benefit")``."""

VENDOR_CANNOT = "vendor-cannot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault; ``fault`` is its stable name, such as ``unknown-plan``."""

    file: str
    line: int
    fault: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.fault}: {self.reason}"


class Findings:
    """Collects faults by their place in the file.

    Args:
        lines: the line of each place.
    """

    def __init__(self, file: str, lines: Mapping[Path, int]) -> None:
        self._file = file
        self._lines = lines
        self._found: list[Finding] = []
        self._warned: list[Finding] = []

    def add(self, path: Path, fault: str, reason: str) -> None:
        """Note a fault at ``path``, or at the nearest place around it that has a line."""
        self._note(self._found, path, fault, reason)

    def warn(self, path: Path, fault: str, reason: str) -> None:
        """Note something that stands in nobody's way and does less than it says."""
        self._note(self._warned, path, fault, reason)

    def line_of(self, path: Path) -> int:
        """Return the line of a place."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    @property
    def sorted(self) -> tuple[Finding, ...]:
        """All faults, from the top of the file to its end."""
        return _from_the_top(self._found)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What was warned of, in the same order."""
        return _from_the_top(self._warned)

    def _note(self, notes: list[Finding], path: Path, fault: str, reason: str) -> None:
        finding = Finding(file=self._file, line=self.line_of(path), fault=fault, reason=reason)
        if finding not in notes:
            notes.append(finding)


def _from_the_top(found: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda each: (each.line, each.fault, each.reason)))
