"""Who somebody is, as the per-person cap sees it: keyed hashes, so that the table holds no address and no card."""

from app.db.sealing import Sealer

_PURPOSE = "campaign identity"
# Whose mailboxes ignore dots in the name.
_WITHOUT_DOTS = frozenset({"gmail.com", "googlemail.com"})


def identity_keys(
    sealer: Sealer,
    *,
    person_id: str = "",
    account_id: str = "",
    email: str = "",
    card_fingerprint: str = "",
) -> tuple[str, ...]:
    """Return the keys of a buyer, under every secret key of the store: any that matches counts.

    Args:
        account_id: the billing account's. card_fingerprint: the vendor's mark of the card, once it is known.
    """
    facts = {
        "person": person_id,
        "account": account_id,
        "mail": normalised_mail(email),
        "card": card_fingerprint,
    }
    keys = [key for kind, fact in facts.items() if fact for key in sealer.fingerprints(f"{kind}:{fact}", _PURPOSE)]
    return tuple(sorted(keys))


def normalised_mail(email: str) -> str:
    """Return one form for all addresses that reach one mailbox: casefold, no part after a plus, no dots at Gmail."""
    name, at, domain = email.strip().casefold().rpartition("@")
    name = name.partition("+")[0]
    if domain in _WITHOUT_DOTS:
        name, domain = name.replace(".", ""), "gmail.com"
    return f"{name}{at}{domain}" if name else ""
