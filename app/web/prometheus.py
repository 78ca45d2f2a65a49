"""Figures as Prometheus reads them (text format 0.0.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure that goes up and down, with one value for each set of labels."""

    name: str
    what: str
    values: tuple[tuple[Mapping[str, str], float], ...] = field(default=())


def gauge(name: str, what: str, value: float, **labels: str) -> Gauge:
    """Return a gauge with one value."""
    return Gauge(name, what, ((labels, value),))


def by_state(name: str, what: str, counts: Mapping[str, int]) -> Gauge:
    """Return a gauge with one value for each state."""
    return Gauge(name, what, tuple(({"state": state}, count) for state, count in sorted(counts.items())))


def exposition(gauges: Iterable[Gauge]) -> str:
    """Return the text that answers a scrape."""
    lines: list[str] = []
    for each in gauges:
        lines += [f"# HELP {each.name} {each.what}", f"# TYPE {each.name} gauge"]
        lines += [f"{each.name}{_labels(labels)} {value:g}" for labels, value in each.values]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
