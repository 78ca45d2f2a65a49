"""The store's neighbours, as every request finds them."""

from starlette.requests import Request

from app.flows.deps import Deps


def deps_of(request: Request) -> Deps:
    """Return what ``create_app`` put into ``app.state.deps``."""
    found: Deps = request.app.state.deps
    return found
