"""docs/writing-an-adapter.md names all that an author meets: capabilities, errors, faults, checks, what to fill in."""

import dataclasses
import inspect
import re
from enum import Enum
from typing import Any, Protocol

import pytest

from app.vendor_adapters import conformance, errors, types
from app.vendor_adapters.capabilities import Capabilities, Capability, Grain
from app.vendor_adapters.conformance import Card, Facility, Fault, Harness, Payment, kit_catalog
from app.vendor_adapters.port import VendorAdapter
from tests.support.sources import ROOT

ENUMS: list[type[Enum]] = [Grain, errors.RejectReason, Payment, Card]
ENUMS += [kind for kind in vars(types).values() if isinstance(kind, type) and issubclass(kind, Enum)]
VALUES = [kind for kind in vars(types).values() if isinstance(kind, type) and dataclasses.is_dataclass(kind)]
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
        *(kind.__name__ for kind in VendorAdapter.__bases__ if kind is not Protocol),
        *types.__all__,
        *(member.name for kind in ENUMS for member in kind),
        *conformance.__all__,
        *(row.id for row in kit_catalog().prices),
        *("VendorWorld", "OwnWorld", "RemoteWorld", "NoControls", "KASSA_VENDOR", "KASSA_DEMO_WORLD"),
    ],
)
def test_the_guide_names_it(name: str) -> None:
    assert re.search(rf"\b{name}\b", GUIDE)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_the_guide_has_every_field_of_a_type(kind: type) -> None:
    (row,) = re.findall(rf"^\| `{kind.__name__}` \| (.*) \|$", GUIDE, re.MULTILINE)
    missing = [field.name for field in dataclasses.fields(kind) if not re.search(rf"\b{field.name}\b", row)]
    assert missing == []


@pytest.mark.parametrize("method", [name for name in dir(VendorAdapter) if not name.startswith("_")])
def test_the_guide_has_every_parameter_of_an_operation(method: str) -> None:
    operation = getattr(VendorAdapter, method)
    if not callable(operation):
        return
    names = [name for name in inspect.signature(operation).parameters if name != "self"]
    written = [found.split(", ") for found in re.findall(rf"`{method}\(([a-z_, ]*)\)", GUIDE)]
    assert names in written or not names


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
