"""Reading an authorization request: what is wrong is either shown on a page here or told to the client, never both."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from app.demo.model import AuthorizationRequest
from app.demo.world import World

SCOPES = ("openid", "profile", "email")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_PROMPTS = {"none", "login", "select_account", "consent"}
_LONGEST = 512


class UntrustedRequest(Exception):
    """The client or its address is not known: whoever asks must not be sent anywhere. Its text is for the page."""


class RefusedRequest(Exception):
    """The client is known and its request is wrong: it is told so at its own address."""

    def __init__(self, error: str, description: str, *, state: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A sound request, with how the person is to be asked; ``max_age`` in seconds."""

    request: AuthorizationRequest
    prompt: frozenset[str]
    max_age: int | None


def read_authorization(pairs: Sequence[tuple[str, str]], world: World) -> Asked:
    """Check every parameter; raises UntrustedRequest before the address is trusted, RefusedRequest after."""
    given = dict(pairs)
    _check_client(pairs, given, world)
    state = given.get("state", "")
    try:
        _check_flow(pairs, given)
        return Asked(
            request=AuthorizationRequest(
                client_id=given["client_id"],
                redirect_uri=given["redirect_uri"],
                state=state,
                scope=_scope(given),
                nonce=_nonce(given),
                challenge=_challenge(given),
            ),
            prompt=_prompt(given),
            max_age=_max_age(given),
        )
    except _Wrong as wrong:
        raise RefusedRequest(wrong.error, wrong.description, state=state) from None


def answer_address(world: World, answer: dict[str, str], *, state: str) -> str:
    """Return the client's address with an answer, and ``iss``, so that it can tell who answers."""
    told = {**answer, **({"state": state} if state else {}), "iss": world.origin}
    return f"{world.redirect_uri}?{urlencode(told)}"


class _Wrong(Exception):
    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def _check_client(pairs: Sequence[tuple[str, str]], given: dict[str, str], world: World) -> None:
    names = [name for name, _ in pairs]
    if names.count("client_id") != 1 or given["client_id"] != world.client_id:
        raise UntrustedRequest("The program that sent you here is not known to Forge.")
    if names.count("redirect_uri") != 1 or given["redirect_uri"] != world.redirect_uri:
        raise UntrustedRequest("The address to send you back to is not the one that Forge has for this program.")


def _check_flow(pairs: Sequence[tuple[str, str]], given: dict[str, str]) -> None:
    if len(given) != len(pairs):
        raise _Wrong("invalid_request", "A parameter is repeated.")
    if any(len(value) > _LONGEST for value in given.values()):
        raise _Wrong("invalid_request", f"A parameter is longer than {_LONGEST} characters.")
    if "request" in given:
        raise _Wrong("request_not_supported", "Send plain parameters.")
    if "request_uri" in given:
        raise _Wrong("request_uri_not_supported", "Send plain parameters.")
    if "response_type" not in given:
        raise _Wrong("invalid_request", "response_type is missing.")
    if given["response_type"] != "code":
        raise _Wrong("unsupported_response_type", "Only response_type code is offered.")
    if given.get("response_mode", "query") != "query":
        raise _Wrong("invalid_request", "Only response_mode query is offered.")


def _scope(given: dict[str, str]) -> str:
    asked = given.get("scope", "").split()
    if "openid" not in asked:
        raise _Wrong("invalid_scope", "scope must hold openid.")
    return " ".join(scope for scope in SCOPES if scope in asked)


def _nonce(given: dict[str, str]) -> str:
    if not given.get("nonce"):
        raise _Wrong("invalid_request", "nonce is missing.")
    return given["nonce"]


def _challenge(given: dict[str, str]) -> str:
    if "code_challenge" not in given:
        raise _Wrong("invalid_request", "code_challenge is missing: PKCE is required.")
    if given.get("code_challenge_method") != "S256":
        raise _Wrong("invalid_request", "code_challenge_method must be S256.")
    if not _CHALLENGE.fullmatch(given["code_challenge"]):
        raise _Wrong("invalid_request", "code_challenge is not a SHA-256 in base64url.")
    return given["code_challenge"]


def _prompt(given: dict[str, str]) -> frozenset[str]:
    prompt = frozenset(given.get("prompt", "").split())
    if not prompt <= _PROMPTS or ("none" in prompt and len(prompt) > 1):
        raise _Wrong("invalid_request", "prompt is not understood.")
    return prompt


def _max_age(given: dict[str, str]) -> int | None:
    text = given.get("max_age")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise _Wrong("invalid_request", "max_age must be a number of seconds.")
    return int(text)
