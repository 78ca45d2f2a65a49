"""What people call a group: asked of the product, which alone knows."""

from app.entitlements.product import ProductError
from app.flows.deps import Deps


async def group_name(deps: Deps, group_id: str) -> str:
    """Return a group's name; its id while the product does not tell, and nothing for no group."""
    try:
        found = await deps.product.state(group_id) if group_id else None
    except ProductError:
        return group_id
    return found.name if found and found.name else group_id
