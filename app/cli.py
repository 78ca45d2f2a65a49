"""``kassa``: the commands of those who run the store."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from app.catalog.load import CatalogError
from app.commands.campaign_arguments import add_campaign_commands
from app.config import Config, ConfigError
from app.core.clock import SystemClock
from app.web.log import configure_logs

Command = Callable[[Config, argparse.Namespace], int]


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status; settings that cannot be used end it at once, all listed."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        config = Config.from_env(remember_ports=options.command != "demo")
        configure_logs(SystemClock(), sys.stderr, level=logging.WARNING)  # what serves sets its own
        command: Command = options.run
        return command(config, options)
    except ConfigError as error:
        for fault in error.faults:
            sys.stderr.write(f"{fault}\n")
        return _without_settings(options)
    except CatalogError as error:
        sys.stderr.write(f"KASSA_CATALOG: {error}\n")
        return _without_settings(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kassa", description="A self-serve web store for subscription software.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    add("serve", _serve, "serve the store until SIGTERM")
    add("worker", _worker, "run inbox, outbox and sweeps until SIGTERM")
    add("demo", _demo, "run store, worker, demo product and embedded vendor together, on this machine alone")
    add("migrate", _migrate, "bring the database to the schema of this version")
    doctor = add("doctor", _doctor, "check settings, database, vendor, sign-in and product, and say how to mend them")
    doctor.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    campaign = add("campaign", _campaign, "check, publish, list, pause and preview campaigns; their links and codes")
    add_campaign_commands(campaign, _campaign)
    seed = add("seed", _seed, "add people, groups and campaigns from a JSON or TOML file; what is there stays")
    seed.add_argument("file", type=Path)
    reconcile = add("reconcile", _reconcile, "read every open order and stale subscription at the vendor again")
    reconcile.add_argument("--once", action="store_true", help="one round instead of one every few minutes")
    export = add("export", _export, "write what the store knows as JSON lines, read only")
    export.add_argument("--jsonl", action="store_true", help="one JSON object a line (the only form)")
    _add_vendor(add("vendor", _vendor_sync, "what concerns the billing vendor: sync, check"))
    _add_seats(add("seats", _seats_owed, "who has more people than seats"))
    _add_jobs(add("jobs", _jobs, "work that was given up: list, retry, close"))
    add("audit", _audit, "recompute every invariant, here and at the vendor; exit 1 when something differs")
    return parser


def _without_settings(options: argparse.Namespace) -> int:
    if options.run is not _vendor_check:
        return 1
    from app.commands import vendor_check

    return vendor_check.not_run("the settings above have to be mended first")


def _add_vendor(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "show how the vendor's prices differ from the catalog, and with --apply make, offer and retire them"
    sync = actions.add_parser("sync", help=text, description=text)
    sync.add_argument("--apply", action="store_true", help="do it; without this nothing is changed")
    sync.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    sync.set_defaults(run=_vendor_sync)
    text = "run the conformance kit against the vendor's test mode; exit 2 when it could not be run"
    check = actions.add_parser("check", help=text, description=text)
    check.add_argument(
        "-k", dest="only", default="", metavar="EXPRESSION", help="only the checks that fit, as pytest's"
    )
    check.set_defaults(run=_vendor_check)


def _add_seats(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "list who has more people than seats, and what the quarter's rule would come to; nothing is charged"
    owed = actions.add_parser("owed", help=text, description=text)
    owed.add_argument("--json", action="store_true", help="JSON instead of a table, amounts in minor units")
    owed.set_defaults(run=_seats_owed)


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="act", required=True, metavar="ACTION")
    text = "list what was given up and waits for people, the oldest first"
    listed = actions.add_parser("list", help=text, description=text)
    listed.add_argument("--json", action="store_true", help="JSON instead of a table")
    text = "let the worker try a job that was given up once more"
    actions.add_parser("retry", help=text, description=text).add_argument("job", metavar="JOB")
    text = "close a job that people did by hand, or that is not to be done; without --apply nothing is changed"
    close = actions.add_parser("close", help=text, description=text)
    close.add_argument("job", metavar="JOB")
    close.add_argument("--why", required=True, metavar="TEXT", help="what was done instead; it stands in the audit")
    close.add_argument(
        "--paid-back", action="store_true", help="the whole payment of its order was given back by hand: note it there"
    )
    close.add_argument("--apply", action="store_true", help="do it; without this nothing is changed")


def _serve(config: Config, _options: argparse.Namespace) -> int:
    from app.commands import serve

    return _run(lambda: serve.serve(config))


def _worker(config: Config, _options: argparse.Namespace) -> int:
    from app.commands import serve

    return _run(lambda: serve.work(config))


def _demo(config: Config, _options: argparse.Namespace) -> int:
    from app.commands import demo

    return _run(lambda: demo.demo(config))


def _migrate(config: Config, _options: argparse.Namespace) -> int:
    from app.commands import database

    return database.migrate_database(config)


def _doctor(config: Config, options: argparse.Namespace) -> int:
    from app.commands import doctor

    return _run(lambda: doctor.doctor(config, as_json=options.json))


def _campaign(config: Config, options: argparse.Namespace) -> int:
    from app.commands import campaign

    return _run(lambda: campaign.campaign(config, options))


def _seed(config: Config, options: argparse.Namespace) -> int:
    from app.commands import seed

    return _run(lambda: seed.seed_file(config, options.file))


def _reconcile(config: Config, options: argparse.Namespace) -> int:
    from app.commands import reconcile

    return _run(lambda: reconcile.reconcile(config, once=options.once))


def _export(config: Config, _options: argparse.Namespace) -> int:
    from app.commands import export

    return _run(lambda: export.export(config))


def _vendor_sync(config: Config, options: argparse.Namespace) -> int:
    from app.commands import vendor

    return _run(lambda: vendor.sync(config, apply=options.apply, as_json=options.json))


def _vendor_check(config: Config, options: argparse.Namespace) -> int:
    from app.commands import vendor_check

    return vendor_check.check(config, only=options.only)


def _seats_owed(config: Config, options: argparse.Namespace) -> int:
    from app.commands import seats

    return _run(lambda: seats.owed(config, as_json=options.json))


def _jobs(config: Config, options: argparse.Namespace) -> int:
    from app.commands import jobs

    return _run(lambda: jobs.jobs(config, options))


def _audit(config: Config, _options: argparse.Namespace) -> int:
    from app.commands import audit

    return _run(lambda: audit.audit(config))


def _run(work: Callable[[], Awaitable[int]]) -> int:
    """Return a command's exit status; a database that cannot be used ends it with a line that says what to do."""
    from app.commands.database import NotReady

    async def body() -> int:
        return await work()

    try:
        return asyncio.run(body())
    except NotReady as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
