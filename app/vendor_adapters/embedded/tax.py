"""Tax by the demonstration's test rates. The seller sits in Germany; the rates are data and no advice."""

from collections.abc import Callable

from stdnum.au import abn
from stdnum.ca import bn
from stdnum.ch import vat as ch_vat
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat
from stdnum.in_ import gstin
from stdnum.us import ein

from app.vendor_adapters.embedded.model import TaxRule
from app.vendor_adapters.types import Address, TaxId, TaxIdStatus, TaxTreatment

SELLER_COUNTRY = "DE"
VAT_PPM = 190_000
REGION_RATES_PPM = {("US", "NY"): 88_750}
REGION_NEEDED_IN = frozenset({"US"})
# fmt: off
EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})
# fmt: on

# Test ids with a fixed answer, whatever their checksum says.
FIXED_STATUS = {"NL004495445B01": TaxIdStatus.REFUSED, "IE6433435F": TaxIdStatus.PENDING}

_CHECKS: dict[str, Callable[[str], bool]] = {
    "eu_vat": eu_vat.is_valid,
    "gb_vat": gb_vat.is_valid,
    "ch_vat": ch_vat.is_valid,
    "au_abn": abn.is_valid,
    "in_gst": gstin.is_valid,
    "ca_gst_hst": bn.is_valid,
    "us_ein": ein.is_valid,
}


class BadAddress(ValueError):
    """The place cannot be taxed; ``field`` names what is missing or wrong."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def assess(address: Address, tax_id: TaxId | None) -> TaxRule:
    """Return the tax for a buyer at ``address`` with ``tax_id``; BadAddress when the place does not suffice.

    Only a confirmed VAT number from another EU country moves the tax to the buyer; one that is refused or still being
    checked is charged in full.
    """
    _check_place(address)
    status = id_status(tax_id)
    if address.country not in EU:
        rate = REGION_RATES_PPM.get((address.country, address.region), 0)
        treatment = TaxTreatment.STANDARD if rate else TaxTreatment.NOT_COLLECTED
        return TaxRule(rate_ppm=rate, treatment=treatment, id_status=status)
    if address.country != SELLER_COUNTRY and status is TaxIdStatus.VALID and _is_foreign_vat(tax_id):
        return TaxRule(rate_ppm=0, treatment=TaxTreatment.REVERSE_CHARGE, id_status=status)
    return TaxRule(rate_ppm=VAT_PPM, treatment=TaxTreatment.STANDARD, id_status=status)


def id_status(tax_id: TaxId | None) -> TaxIdStatus:
    """Return what the vendor makes of a tax number."""
    if tax_id is None or not tax_id.value:
        return TaxIdStatus.NONE
    value = _compact(tax_id.value)
    if value in FIXED_STATUS:
        return FIXED_STATUS[value]
    check = _CHECKS.get(tax_id.kind)
    return TaxIdStatus.VALID if check is not None and check(value) else TaxIdStatus.REFUSED


def _check_place(address: Address) -> None:
    if len(address.country) != 2 or not (address.country.isascii() and address.country.isupper()):
        raise BadAddress("country")
    if address.country in REGION_NEEDED_IN and not address.region:
        raise BadAddress("region")


def _is_foreign_vat(tax_id: TaxId | None) -> bool:
    return tax_id is not None and tax_id.kind == "eu_vat" and not _compact(tax_id.value).startswith(SELLER_COUNTRY)


def _compact(value: str) -> str:
    return "".join(value.split()).replace("-", "").replace(".", "").upper()
