"""How much has to be bought so that nothing is short: what a page's button proposes. Pure."""

from app.usage.readings import Reading


def seats_missing(reading: Reading) -> int:
    """Return the seats that cover the people above them, else one more."""
    return max(reading.seats_owed, 1)


def minutes_packs_missing(reading: Reading, minutes_in_pack: int) -> int:
    """Return the packs that cover the minutes used above all that there were, at least one."""
    return max(-(-reading.minutes_short // minutes_in_pack), 1)


def storage_packs_missing(reading: Reading, gib_in_pack: int) -> int:
    """Return the packs after which some storage is free again, at least one: with none free it stays read-only."""
    if reading.storage_quota_gib is None:
        return 1
    over = max(0, reading.storage_gib - reading.storage_quota_gib)
    return over // gib_in_pack + 1
