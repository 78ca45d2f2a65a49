"""Turning a template of the vendor's and a view model into an answer."""

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from app.config import ROOT
from app.vendor_adapters.embedded.views import OverPage


class Renderer:
    """Reads templates/vendor: an undefined name is an error, all output is escaped."""

    def __init__(self, store_origin: str) -> None:
        self._store = store_origin

    def page(self, name: str, page: object, status: int = 200) -> HTMLResponse:
        """Return the page of the template ``vendor/<name>.html``; its view model is ``page`` there."""
        template = _environment().get_template(f"vendor/{name}.html")
        return HTMLResponse(template.render(page=page, store=self._store), status)

    def problem(self, title: str, text: str, status: int) -> HTMLResponse:
        """Return a page that says what went wrong, with the way back to the store."""
        over = OverPage(title=title, text=text, link=self._store, label="Back to the store")
        return self.page("over", over, status)


@cache
def _environment() -> Environment:
    """Return the one template environment: a template is read and compiled once in a process."""
    return Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def see(address: str) -> RedirectResponse:
    """Send the browser on after a form."""
    return RedirectResponse(address, status_code=303)


async def fields_of(request: Request, names: tuple[str, ...]) -> Mapping[str, str]:
    """Return the texts of the named fields of a form, empty for what was not sent or is a file."""
    form: FormData = await request.form()
    values = {name: form.get(name, "") for name in names}
    return {name: value if isinstance(value, str) else "" for name, value in values.items()}
