"""Which addresses a browser may be sent to: our own paths, and the allow-listed places that a buyer came from."""

import re
from urllib.parse import SplitResult, unquote, urlsplit

MOST_CHARACTERS = 2000
HOME = "/"
_PRINTABLE = re.compile(r"[!-~]+", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def safe_path(value: str) -> str:
    """Return ``value`` when it is a path of this site (with its query), otherwise the home page's path.

    Browsers read ``//host`` and ``/\\host`` as another site and drop tabs and line ends before they look, so those
    are refused wherever they stand in the path, percent-encoded (even twice) too. A fragment is refused: nothing of
    ours needs one, and it never reaches us.
    """
    if not _is_plain(value) or "#" in value or not value.startswith("/"):
        return HOME
    return value if _is_straight(value.partition("?")[0]) else HOME


def allowed_return(value: str, prefixes: tuple[str, ...]) -> str:
    """Return ``value`` when it lies under one of ``prefixes``, otherwise an empty text.

    Scheme, host and port have to be equal, and a prefix's path ends at a segment: ``https://a.example/app`` allows
    ``/app`` and ``/app/x``, not ``/apple``. Names and passwords in the address are refused.
    """
    wanted = _parts(value)
    if wanted is None or not _is_straight(wanted.path):
        return ""
    return value if any(_is_under(wanted, prefix) for prefix in prefixes) else ""


def origin_of(address: str) -> str:
    """Return scheme, host and port of an address as a browser writes an origin; empty when it has none."""
    parts = _parts(address)
    return f"{parts.scheme}://{parts.netloc}".lower() if parts else ""


def _is_plain(value: str) -> bool:
    return len(value) <= MOST_CHARACTERS and "\\" not in value and _PRINTABLE.fullmatch(value) is not None


def _is_straight(path: str) -> bool:
    """Whether a path means one place to every reader: no empty, ``.`` or ``..`` segment, nothing hidden by encoding."""
    decoded = unquote(unquote(path))
    if unquote(decoded) != decoded or "\\" in decoded or any(sign < " " or sign == "\x7f" for sign in decoded):
        return False
    segments = decoded.split("/")[1:]
    return "" not in segments[:-1] and not {".", ".."} & set(segments)


def _parts(value: str) -> SplitResult | None:
    if not _is_plain(value):
        return None
    try:
        parts = urlsplit(value)
        is_usable = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and _port(parts) > 0
    except ValueError:
        return None
    return parts if is_usable and "@" not in parts.netloc else None


def _is_under(wanted: SplitResult, prefix: str) -> bool:
    allowed = _parts(prefix)
    if allowed is None or _site(wanted) != _site(allowed):
        return False
    base = allowed.path.rstrip("/")
    return wanted.path == base or wanted.path.startswith(f"{base}/") or (not base and not wanted.path)


def _site(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, _port(parts)


def _port(parts: SplitResult) -> int:
    return _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
