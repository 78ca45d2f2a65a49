"""Lists as CSV, for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from starlette.responses import Response

from app import formats
from app.core.money import Money


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a CSV file called ``name`` with a line of column names; None becomes an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([harmless("" if cell is None else str(cell)) for cell in row] for row in rows)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula, as it would a name that begins like one.

    Amounts are never negative where this is used.
    """
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def plain(amount: Money) -> str:
    """Return an amount that a spreadsheet can reckon with, such as ``3788.85``."""
    return formats.figure(amount).replace(",", "").replace("−", "-")
