"""What comes from others is pinned: packages by hash and above known holes, vendored files by hash."""

import hashlib
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.sources import ROOT, named, project_files

REQUIREMENTS = ROOT / "requirements"
# In two halves, so that this file does not hold what it looks for.
FORBIDDEN = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry.npm" + "js.org",
    "registry.yarn" + "pkg.com",
    "/work" + "/main",
    "/work" + "/shared",
]
VENDORED = re.compile(r"^\| `([^`]+)` \| .* \| `([0-9a-f]{64})` \|$", re.MULTILINE)


def test_every_pinned_package_has_hashes() -> None:
    for name in ("run", "test"):
        entries = re.split(r"^(?=[a-z0-9])", _text(f"{name}.txt"), flags=re.MULTILINE)[1:]
        assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    run, test = _pinned("run.txt"), _pinned("test.txt")
    assert [text for text in project["dependencies"] if not _fulfils(run, text)] == []
    assert [text for text in project["optional-dependencies"]["dev"] if not _fulfils(test, text)] == []
    assert {name: test.get(name) for name in run} == run


def test_locks_are_above_known_holes() -> None:
    floors = [line.partition("#")[0].strip() for line in _text("floors.txt").splitlines()]
    floors = [floor for floor in floors if floor]
    assert floors
    assert [floor for floor in floors if not _fulfils(_pinned("run.txt"), floor)] == []


def test_vendored_files_are_as_they_came() -> None:
    recorded = {
        ROOT / name: digest
        for page in project_files()
        if page.name == "vendored.md"
        for name, digest in VENDORED.findall(page.read_text(encoding="utf-8"))
    }
    assert recorded == {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in recorded}
    assert {path for path in project_files() if path.name.endswith(".min.js")} == set(recorded)


def test_no_file_names_a_registry_or_a_machine() -> None:
    found = [
        f"{named(path)}: {text}" for path in project_files() for text in FORBIDDEN if text.encode() in path.read_bytes()
    ]
    assert found == []


def _text(name: str) -> str:
    return Path(REQUIREMENTS / name).read_text(encoding="utf-8")


def _pinned(name: str) -> dict[str, Version]:
    pins = re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", _text(name), flags=re.MULTILINE)
    return {canonicalize_name(package): Version(version) for package, version in pins}


def _fulfils(pinned: dict[str, Version], asked: str) -> bool:
    requirement = Requirement(asked)
    version = pinned.get(canonicalize_name(requirement.name))
    return version is not None and requirement.specifier.contains(version)
