"""The whole state of the demo product as plain JSON, for people and checks that look at it from outside."""

from datetime import datetime

from sqlalchemy import Connection, select

from app.demo.model import GroupRecord
from app.demo.store.groups import all_groups
from app.demo.store.schema import grants

Json = dict[str, object]


def books(connection: Connection, now: datetime) -> Json:
    """Return the groups with what they have at ``now`` (business time), and every grant received, oldest first."""
    rows = connection.execute(select(grants).order_by(grants.c.id))
    return {
        "groups": [_group(group.counted(now)) for group in all_groups(connection)],
        "grants": [
            {
                "at": instant_text(row.at),
                "order": row.order_id,
                "group": row.group_id,
                "kind": row.kind,
                **row.asked,
                "outcome": row.outcome,
                "reason": row.reason,
            }
            for row in rows
        ],
    }


def instant_text(at: datetime | None) -> str | None:
    """Return an instant as RFC 3339 in UTC."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def _group(group: GroupRecord) -> Json:
    return {
        "id": group.id,
        "name": group.name,
        "source": group.source,
        "plan": group.plan,
        "seats": group.seats,
        "starts_at": instant_text(group.starts_at),
        "ends_at": instant_text(group.ends_at),
        "members": group.members,
        "seats_in_use": group.seats_in_use,
        "seats_max": group.seats_max,
        "minutes_used": group.minutes_counted,
        "minutes_packs": [
            {
                "purchase_id": pack.purchase_id,
                "order": pack.order_id,
                "minutes": pack.minutes,
                "expires_at": instant_text(pack.expires_at),
                "used": pack.used_before + pack.used,
                "taken_back": pack.is_taken_back,
            }
            for pack in group.packs
        ],
        "trial": {
            "plan": group.trial.plan,
            "started_at": instant_text(group.trial.started_at),
            "ends_at": instant_text(group.trial.ends_at),
        }
        if group.trial
        else None,
        "storage": {
            "gib": group.storage_gib,
            "ends_at": instant_text(group.storage_ends_at),
            "used_gib": group.storage_used_gib,
        },
    }
