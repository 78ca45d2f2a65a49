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
