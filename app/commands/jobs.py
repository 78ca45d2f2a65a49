"""``kassa jobs``: work that the store gave up, listed, tried once more, or closed by who did it by hand."""

import argparse
import sys
from collections.abc import Awaitable, Callable

from app import formats
from app.commands.database import require_schema
from app.commands.listings import Row, write_rows
from app.commands.neighbours import neighbours
from app.commands.operator import operator
from app.config import Config
from app.events import outbox
from app.events.outbox import GivenUp
from app.flows.deps import Deps
from app.flows.given_up import JobFault, close_job, try_job_again

Act = Callable[[Deps, argparse.Namespace], Awaitable[int]]


async def jobs(config: Config, options: argparse.Namespace) -> int:
    """Do what the words say; return 1, with a line that says why, when it cannot be done. Raises NotReady."""
    async with neighbours(config) as deps:
        await require_schema(deps.db)
        try:
            return await _ACTS[options.act](deps, options)
        except JobFault as fault:
            sys.stderr.write(f"kassa jobs {options.act}: {fault}\n")
            return 1


async def list_jobs(deps: Deps, options: argparse.Namespace) -> int:
    """Print every job that was given up, the oldest first."""
    found = await deps.db.read(outbox.given_up)
    write_rows([_row(each) for each in found], as_json=options.json, empty="No job was given up.")
    return 0


async def close(deps: Deps, options: argparse.Namespace) -> int:
    """Close a job, or say what that would do."""
    done = await close_job(
        deps,
        options.job,
        why=options.why,
        is_paid_back=options.paid_back,
        actor=operator(),
        apply=options.apply,
    )
    job, order = done.job, done.job.order_id
    words = "closed" if options.apply else "would be closed"
    sys.stdout.write(f"{job.job_id} ({job.kind}, order {order or 'none'}): {words}\n")
    if done.refund is not None:
        noted = "is noted" if options.apply else "would be noted"
        sys.stdout.write(f"order {order}: {noted} as paid back, {formats.money(done.refund)}\n")
    elif order:
        sys.stdout.write(f"order {order}: stays as it is\n")
    if not options.apply:
        sys.stdout.write("Nothing was changed; `--apply` does it.\n")
    return 0


async def retry(deps: Deps, options: argparse.Namespace) -> int:
    """Let the worker try a job once more."""
    job = await try_job_again(deps, options.job, actor=operator())
    sys.stdout.write(f"{job.job_id} ({job.kind}, order {job.order_id or 'none'}): the worker tries it once more\n")
    return 0


_ACTS: dict[str, Act] = {"list": list_jobs, "close": close, "retry": retry}


def _row(job: GivenUp) -> Row:
    return {
        "job": job.job_id,
        "kind": job.kind,
        "order": job.order_id,
        "since": job.created_at,
        "tries": job.tries,
        "reason": job.reason,
    }
