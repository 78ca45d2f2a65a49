"""Every template parses and has a title, and none holds what the content security policy or htmx 4 would not run."""

import re
from pathlib import Path

from jinja2 import Environment, nodes

from tests.support.sources import ROOT

FOLDER = ROOT / "templates"
MAILS = FOLDER / "email"  # mail programs know no style sheets, and no policy forbids inline ones there
ENVIRONMENT = Environment(autoescape=True)

FORBIDDEN = {
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "an inline event handler": re.compile(r"\son[a-z]+\s*=\s*[\"'{]", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "unescaped output": re.compile(r"\|\s*safe\b|autoescape\s+false"),
    "hx-on, which needs eval": re.compile(r"\bhx-on\b"),
    "a js: value, which needs eval": re.compile(r"\bhx-(vals|headers)[\w:]*\s*=\s*[\"']\s*js:"),
    "a trigger's filter, which needs eval": re.compile(r"\bhx-trigger[\w:]*\s*=\s*\"[^\"]*\["),
    "a name of htmx 2": re.compile(r"\bhx-(ext|disabled-elt|vars|params)\b|htmx:[a-z]+[A-Z]"),
}
STYLE = re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE)
FORM = re.compile(r"<form\b[^>]*>", re.IGNORECASE)


def test_every_template_parses() -> None:
    assert _templates()
    for path in _templates():
        ENVIRONMENT.parse(_text(path), filename=str(path))


def test_every_page_has_a_title() -> None:
    pages = [path for path in _templates() if _parent(path) or "<html" in _text(path)]
    assert [_named(path) for path in pages if not _has_title(path)] == []


def test_nothing_inline_and_nothing_of_htmx_2() -> None:
    found = [
        f"{_named(path)}: {what}"
        for path in [*_templates(), *(ROOT / "static").glob("*.js")]
        if path.name != "htmx.min.js"
        for what, pattern in FORBIDDEN.items()
        if pattern.search(_text(path))
    ]
    assert found == []


def test_styles_stand_in_the_style_sheet() -> None:
    pages = [path for path in _templates() if not path.is_relative_to(MAILS)]
    assert [_named(path) for path in pages if STYLE.search(_text(path))] == []


def test_every_htmx_form_works_without_it() -> None:
    lame = [
        f"{_named(path)}: {form}"
        for path in _templates()
        for form in FORM.findall(_text(path))
        if "hx-" in form and not ("method=" in form and "action=" in form)
    ]
    assert lame == []


def _templates() -> list[Path]:
    return sorted([*FOLDER.rglob("*.html"), *(ROOT / "app").rglob("*.html")])


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _parent(path: Path) -> Path | None:
    """Return the template that this one extends, looked for from its own folder upwards."""
    extends = next(ENVIRONMENT.parse(_text(path)).find_all(nodes.Extends), None)
    if extends is None:
        return None
    assert isinstance(extends.template, nodes.Const), f"{path} extends a template that is chosen while it runs"
    name = str(extends.template.value)
    found = next((folder / name for folder in path.parents if (folder / name).is_file()), None)
    assert found, f"{path} extends {name}, which is not there"
    return found


def _has_title(path: Path) -> bool:
    """Whether the outermost template has a title; where that is a block, whether one on the way there fills it."""
    chain = [path]
    while above := _parent(chain[-1]):
        chain.append(above)
    outermost = chain[-1]
    filled = [block for each in chain[:-1] for block in _title_blocks(each) if block.body]
    return "<title>" in _text(outermost) and (len(chain) == 1 or bool(filled) or not _title_blocks(outermost))


def _title_blocks(path: Path) -> list[nodes.Block]:
    return [block for block in ENVIRONMENT.parse(_text(path)).find_all(nodes.Block) if block.name == "title"]
