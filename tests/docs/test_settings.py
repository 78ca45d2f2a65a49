"""Every setting is documented, and what is documented is a setting."""

import ast
import re

from tests.support.sources import ROOT, tree

SETTING = re.compile(r"(KASSA|STRIPE)_[A-Z_]+|(DEMO_|VENDOR_)?PORT")


def test_settings_and_their_page_agree() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(_read_by_config())


def _read_by_config() -> set[str]:
    texts = (
        node.value
        for node in ast.walk(tree(ROOT / "app" / "config.py"))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {text for text in texts if SETTING.fullmatch(text)}
