"""The project's own files, for tests that read the code instead of running it."""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_NOT_OURS = {".git", ".venv", "var", "test-results", "build", "dist", "__pycache__"}


def project_files() -> list[Path]:
    """Return every file that git holds or would take; where git does not say, every file that is not made here."""
    listed = _listed_by_git()
    if listed is None:
        listed = [path for path in ROOT.rglob("*") if not _is_made_here(path.relative_to(ROOT))]
    return sorted(path for path in listed if path.is_file())


def _listed_by_git() -> list[Path] | None:
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        return None
    answer = subprocess.run(asked, cwd=ROOT, capture_output=True, check=False, text=True)
    if answer.returncode:  # git refuses a folder that somebody else owns
        return None
    return [ROOT / name for name in answer.stdout.split("\0") if name]


def _is_made_here(path: Path) -> bool:
    return any(part in _NOT_OURS or part.endswith(("_cache", ".egg-info")) for part in path.parts)


def python_files(*folders: str) -> list[Path]:
    """Return the Python files under the named folders of the project."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    """Return a file's name within the project, as messages show it."""
    return path.relative_to(ROOT).as_posix()


def imported_names(path: Path) -> Iterator[str]:
    """Yield what a file imports, dotted: ``from datetime import UTC`` is ``datetime.UTC``."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def used_attributes(path: Path) -> Iterator[str]:
    """Yield every dotted name that a file uses, such as ``datetime.now`` and ``os.environ``."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            yield f"{node.value.attr}.{node.attr}"
