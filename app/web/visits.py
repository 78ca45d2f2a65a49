"""What tells one browser's visits from another's without a cookie, and a machine's from a person's."""

import re

from starlette.requests import Request

from app.identity.limits import network_of
from app.web.deps import deps_of
from app.web.session import current_actor

# what machines call themselves that read a page for somebody: crawlers, previews of chats, scanners of mail
_MACHINE = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|scan|fetcher|monitor|validator|facebookexternalhit|whatsapp|"
    r"skypeuripreview|embedly|pingdom|lighthouse|mimecast|proofpoint|barracuda|safelinks|urldefense",
    re.IGNORECASE,
)
_MOST = 500  # characters of a header that are looked at


def visit_keys(request: Request) -> tuple[str, ...]:
    """Return what this browser's visits are filed under: the visitor's id, if it has one, and its mark of this day."""
    visitor_id = current_actor(request).visitor_id
    return (visitor_id, visit_mark(request)) if visitor_id else (visit_mark(request),)


def visit_mark(request: Request) -> str:
    """Return a browser's mark of this day: a keyed hash of day, network and kind of browser.

    It needs no cookie, names nobody, and is another one tomorrow. Two people behind one address with the same browser
    share it.
    """
    deps = deps_of(request)
    day = deps.clock.wall().date().isoformat()
    network = network_of(request.client.host) if request.client else ""
    seen = "\n".join((day, network, _header(request, "user-agent"), _header(request, "accept-language")))
    return f"day_{deps.sealer.fingerprints(seen, 'visit')[0][:32]}"


def is_machine(request: Request) -> bool:
    """Whether a page is read by a machine, as far as it says so: it asks for the head alone or ahead of a click, names
    itself as one, or names nothing at all."""
    purpose = f"{_header(request, 'sec-purpose')} {_header(request, 'purpose')} {_header(request, 'x-moz')}"
    agent = _header(request, "user-agent")
    return request.method == "HEAD" or "prefetch" in purpose.lower() or not agent or bool(_MACHINE.search(agent))


def _header(request: Request, name: str) -> str:
    return request.headers.get(name, "")[:_MOST]
