"""docs/writing-an-adapter.md names all that an author meets: capabilities, errors, faults, checks, what to fill in."""

import re
from typing import Any

import pytest

from app.vendor_adapters import errors
from app.vendor_adapters.capabilities import Capabilities, Capability
from app.vendor_adapters.conformance import Facility, Fault, Harness
from app.vendor_adapters.port import VendorAdapter
from tests.support.sources import ROOT

GUIDE = (ROOT / "docs" / "writing-an-adapter.md").read_text(encoding="utf-8")
ERRORS = [kind.__name__ for kind in errors.VendorError.__subclasses__()]


@pytest.mark.parametrize(
    "name",
    [
        *(capability.name for capability in Capability),
        *(name for name in Capabilities.__dataclass_fields__ if name != "has"),
        *ERRORS,
        *(fault.name for fault in Fault),
        *(facility.name for facility in Facility),
        *(name for name in vars(Harness) if not name.startswith("_")),
        *(name for name in dir(VendorAdapter) if not name.startswith("_")),
    ],
)
def test_the_guide_names_it(name: str) -> None:
    assert re.search(rf"\b{name}\b", GUIDE)


def test_the_harness_of_the_guide_is_whole() -> None:
    """What stands there runs, and nothing that every harness must have is missing from it."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    (harness,) = [block for block in blocks if "class AcmeHarness" in block]
    names: dict[str, Any] = {"AcmeVendor": object, "AcmeSimulator": object}
    exec(harness, names)  # noqa: S102 - our own page
    assert names["AcmeHarness"].__abstractmethods__ == frozenset()
    assert "open_harness" in names


def test_the_guide_lists_the_26_checks() -> None:
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", GUIDE, re.MULTILINE)] == list(range(1, 27))
