"""Names of budgets. Claims take them in the order of these names, so that two claims never wait for each other."""


def campaign_uses(slug: str) -> str:
    """The budget of a campaign's uses."""
    return f"campaign:{slug}:uses"


def campaign_money(slug: str, currency: str) -> str:
    """The budget of what a campaign costs in one currency, in minor units."""
    return f"campaign:{slug}:money:{currency}"


def code_uses(code_id: str) -> str:
    """The budget of a code's uses."""
    return f"code:{code_id}:uses"


def link_uses(link_id: str) -> str:
    """The budget of a link's uses."""
    return f"link:{link_id}:uses"


def uses_of(slug: str, *, code_id: str, link_id: str) -> tuple[str, ...]:
    """The budgets that one use takes one of: the campaign's, and the code's or link's that it came by."""
    own = [code_uses(code_id)] if code_id else []
    own += [link_uses(link_id)] if link_id else []
    return (campaign_uses(slug), *own)


def weights_of(slug: str, currency: str, amount: int, *, code_id: str, link_id: str) -> dict[str, int]:
    """What one use that takes off ``amount`` minor units counts for, by budget."""
    counted = dict.fromkeys(uses_of(slug, code_id=code_id, link_id=link_id), 1)
    return {campaign_money(slug, currency): amount} | counted
