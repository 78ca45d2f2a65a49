"""How far long work has come: a bar on a terminal, plain lines elsewhere, on standard error beside the answer."""

import sys
from collections.abc import Callable
from typing import TextIO

_WIDTH = 30
_LINES = 10  # elsewhere: so many lines for the whole


class Progress:
    """Tells of ``total`` steps of ``what``; nothing is said when there is nothing to do.

    Args:
        stream: where to, standard error unless said.
    """

    def __init__(self, what: str, total: int, stream: TextIO | None = None) -> None:
        self._what = what
        self._total = total
        self._stream = stream if stream is not None else sys.stderr
        self._show: Callable[[int], None] = self._bar if self._stream.isatty() else self._line
        self._done = 0
        self._shown = -1

    def advance(self, steps: int = 1) -> None:
        """So many more are done."""
        self._done += steps
        self._show(self._done * (_WIDTH if self._stream.isatty() else _LINES) // max(1, self._total))

    def _bar(self, share: int) -> None:
        if share == self._shown and self._done < self._total:
            return
        self._shown = share
        end = "\n" if self._done >= self._total else ""
        bar = "#" * share + "." * (_WIDTH - share)
        self._stream.write(f"\r{self._what} [{bar}] {self._done} of {self._total}{end}")
        self._stream.flush()

    def _line(self, share: int) -> None:
        if share > self._shown and share > 0:
            self._shown = share
            self._stream.write(f"{self._what}: {self._done} of {self._total}\n")
