"""The line of every key in a TOML file, which the standard library's reader does not tell.

The text is known to be valid TOML, so this walks it once and never judges it.
"""

import re
import tomllib
from collections.abc import Iterator

from app.promotions.files.findings import Path

_TOKEN = re.compile(
    r'(?P<text>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    r"|(?P<comment>\#[^\n]*)"
    r"|(?P<newline>\n)"
    r"|(?P<mark>\[\[|\]\]|[\[\]{}=,.])"
    r"|(?P<word>[^\s\[\]{}=,.\#\"']+)",
    re.DOTALL,
)


class _Token:
    __slots__ = ("kind", "line", "text")

    def __init__(self, kind: str, text: str, line: int) -> None:
        self.kind = kind
        self.text = text
        self.line = line


def key_lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) of each table, list element and key in a valid TOML text."""
    return _Walk(text).lines


class _Walk:
    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}
        self._file()

    def _file(self) -> None:
        table: Path = ()
        while self._peek() is not None:
            token = self._next()
            if token.kind == "newline":
                continue
            if token.text in ("[", "[["):
                table = self._header(is_list=token.text == "[[", line=token.line)
            else:
                self._pair(table, token)

    def _header(self, *, is_list: bool, line: int) -> Path:
        path: Path = ()
        parts = self._keys(self._next(), until=("]", "]]"))
        for part in parts[:-1]:
            self.lines.setdefault((*path, part), line)
            path = self._latest((*path, part))
        path = (*path, parts[-1])
        self.lines.setdefault(path, line)
        if is_list:
            self.counts[path] = self.counts.get(path, -1) + 1
            path = self._latest(path)
        self.lines[path] = line
        return path

    def _latest(self, path: Path) -> Path:
        """In a list of tables the last one is meant."""
        return (*path, self.counts[path]) if path in self.counts else path

    def _pair(self, table: Path, first: _Token) -> None:
        path = table
        for part in self._keys(first, until=("=",)):
            path = (*path, part)
            self.lines.setdefault(path, first.line)
        self._value(path)

    def _keys(self, first: _Token, until: tuple[str, ...]) -> list[str]:
        keys, token = [], first
        while token.text not in until:
            if token.text != ".":
                keys.append(_bare(token.text))
            token = self._next()
        return keys

    def _value(self, path: Path) -> None:
        token = self._next()
        if token.text == "{":
            self._inline_table(path)
        elif token.text in ("[", "[["):
            self._list(path, token)
        else:
            while (following := self._peek()) is not None and following.text not in (",", "]", "]]", "}", "\n"):
                self._next()

    def _inline_table(self, path: Path) -> None:
        while (token := self._next()).text != "}":
            if token.text not in (",", "\n"):
                self._pair(path, token)

    def _list(self, path: Path, opening: _Token) -> None:
        if opening.text == "[[":  # two lists open at once; the inner one is the first element
            self.tokens.insert(self.at, _Token("mark", "[", opening.line))
        position = 0
        while (token := self._peek()) is not None and token.text not in ("]", "]]"):
            if token.text in (",", "\n"):
                self._next()
                continue
            self.lines[(*path, position)] = token.line
            self._value((*path, position))
            position += 1
        closing = self._next()
        if closing.text == "]]":  # and two close
            self.tokens.insert(self.at, _Token("mark", "]", closing.line))

    def _peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _next(self) -> _Token:
        token = self.tokens[self.at]
        self.at += 1
        return token


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        if kind != "comment":
            yield _Token(kind, found.group(), line)
        line += found.group().count("\n")


def _bare(key: str) -> str:
    if key[0] in "\"'":
        plain: str = tomllib.loads(f"key = {key}")["key"]
        return plain
    return key
