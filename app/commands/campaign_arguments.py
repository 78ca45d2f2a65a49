"""The words of ``kassa campaign``; what they do is imported only when one of them is given."""

import argparse
from collections.abc import Callable
from pathlib import Path

from app.config import Config

Command = Callable[[Config, argparse.Namespace], int]
_SLUG = "the campaign's slug"


def add_campaign_commands(campaign: argparse.ArgumentParser, run: Command) -> None:
    """Give ``kassa campaign`` its commands; each sets ``act`` to its name, such as ``links make``."""
    commands = campaign.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run, act=name)
        return made

    check = add("check", "say what is wrong with a campaign file; exit 1 when something is")
    _file(check)
    _json(check)
    _file(add("publish", "make a new version of each campaign of a file that changed; all or none"))
    _json(add("list", "list the published campaigns"))
    add("pause", "stop a campaign for everybody who has not confirmed yet").add_argument("slug", help=_SLUG)
    add("resume", "let a paused campaign run again").add_argument("slug", help=_SLUG)
    preview = add("preview", "print a link that shows a campaign at any time, before it starts too")
    preview.add_argument("slug", help=_SLUG)
    preview.add_argument("--days", type=_count, default=7, help="for how many days the link shows it (7)")
    replay = add("replay", "say what a file's campaigns would have done with past orders; changes nothing")
    _file(replay)
    replay.add_argument("--last", default="90d", help="how far to look back: 90d, 12w, 48h (90d)")
    _json(replay)
    _add_links(add("links", "make, list and revoke signed links"), run)
    _add_codes(add("codes", "make, list, export and revoke codes"), run)


def _add_links(links: argparse.ArgumentParser, run: Command) -> None:
    add = _under(links, "links", run)
    make = add("make", "make a link and print its address")
    make.add_argument("slug", help=_SLUG)
    whom = make.add_mutually_exclusive_group()
    whom.add_argument("--account", default="", help="only for this billing account")
    whom.add_argument("--domain", default="", help="only for verified addresses of this mail domain")
    make.add_argument("--redemptions", type=_count, help="its own cap (the campaign's link_budget)")
    make.add_argument("--expires", help="until when it works: 2027-04-01 or 2027-04-01T12:00:00Z (as the campaign)")
    make.add_argument("--plan", help="fill in this plan")
    make.add_argument("--seats", type=_count, help="fill in so many seats")
    make.add_argument("--addon", help="fill in this add-on")
    make.add_argument("--packs", type=_count, help="fill in so many packs")
    make.add_argument("--flow", choices=("plans", "add_seats", "packs"), help="where it leads (the campaign's landing)")
    make.add_argument("--note", default="", help="what it is for; nobody but you reads it")
    _json(make)
    listed = add("list", "list a campaign's links")
    listed.add_argument("slug", help=_SLUG)
    _json(listed)
    add("revoke", "let a link work no more").add_argument("link", help="the link's id, lnk_…")


def _add_codes(codes: argparse.ArgumentParser, run: Command) -> None:
    add = _under(codes, "codes", run)
    make = add("make", "make secret codes of a campaign's batch and show them, once")
    make.add_argument("slug", help=_SLUG)
    make.add_argument("--count", type=_count, required=True, help="how many")
    make.add_argument("--output", type=Path, help="write them into this new file, readable by you alone")
    listed = add("list", "list a campaign's codes; of secret ones the prefix and the last three characters")
    listed.add_argument("slug", help=_SLUG)
    _json(listed)
    export = add("export", "write a campaign's codes and their uses as CSV")
    export.add_argument("slug", help=_SLUG)
    export.add_argument("--output", type=Path, help="write them into this new file")
    add("revoke", "let a code work no more").add_argument("code", help="the code's id, cod_…, or the code itself")


def _under(parent: argparse.ArgumentParser, word: str, run: Command) -> Callable[[str, str], argparse.ArgumentParser]:
    commands = parent.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run, act=f"{word} {name}")
        return made

    return add


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, help="the campaign file (KASSA_CAMPAIGNS)")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="JSON instead of lines")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)
