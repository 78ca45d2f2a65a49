"""An error page that needs nothing: no session, no template, no neighbour. For what fails before a page can be made."""

from collections.abc import Mapping
from html import escape

from starlette.responses import HTMLResponse

from app.core.problems import ProblemId, problem

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Error: {title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text} <small>{code}</small></p>
{request}<p><a href="/">Go to the plans</a></p>
</main>
</body>
</html>
"""


def bare_page(
    which: ProblemId,
    *,
    title: str = "The store does not answer",
    request_id: str = "",
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Return a page with the problem's text, its id and status."""
    shown = problem(which)
    body = _PAGE.format(
        title=escape(title),
        text=escape(shown.text),
        code=shown.code,
        request=f"<p><small>Request {escape(request_id)}</small></p>\n" if request_id else "",
    )
    return HTMLResponse(body, status_code=which.status, headers=headers)
