"""Setting a vendor up: what its prices lack, and what is wrong with its settings."""

from dataclasses import dataclass
from enum import Enum

from app.vendor_adapters.types.refs import OfferKey


class CatalogStepKind(Enum):
    """What is to be done about a price row.

    CONFLICT is for people: the vendor holds another price by that key, and a price never changes.
    """

    MAKE = "make"
    RETIRE = "retire"
    OFFER = "offer"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogStep:
    """One price row that the vendor does not hold as the catalog says; ``detail`` is what is there or wanted."""

    kind: CatalogStepKind
    key: OfferKey
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupFault:
    """Something that is set up wrongly at the vendor or here, and what to do about it, in plain words."""

    found: str
    mend: str
