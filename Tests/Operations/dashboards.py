"""The dashboards, alerts and metrics catalogue of the repository, as tests read them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "dashboards"
ALERTS = FOLDER / "alerts.yaml"
PROMETHEUS = "prometheus"
POSTGRES = "grafana-postgresql-datasource"

_METRIC = re.compile(r"\b(bursar_[a-z0-9_]+|up)\b(?!:)(\s*\{[^}]*\})?")


@dataclass(frozen=True)
class Target:
    """One query of a panel."""

    panel: str
    ref: str
    query: str
    is_time_series: bool

    def __str__(self) -> str:
        return f"{self.panel} {self.ref}"


class Dashboard:
    """One file, with its panels flattened."""

    def __init__(self, name: str, content: dict):
        self.name = name
        self.content = content

    @classmethod
    def load(cls, name: str) -> "Dashboard":
        return cls(name, json.loads((FOLDER / name).read_text()))

    @property
    def variables(self) -> list[dict]:
        return self.content["templating"]["list"]

    @property
    def kind(self) -> str:
        """The type of its data source."""
        return next(variable["query"] for variable in self.variables if variable["type"] == "datasource")

    def panels(self) -> Iterator[dict]:
        """All but the headings of rows."""
        for panel in self.content["panels"]:
            yield from panel.get("panels", [])
            if panel["type"] != "row":
                yield panel

    def targets(self) -> Iterator[Target]:
        for panel in self.panels():
            for target in panel.get("targets", []):
                query = target.get("expr") or target.get("rawSql") or ""
                series = target.get("format") == "time_series" and not target.get("instant", False)
                yield Target(panel["title"], target["refId"], query, series)


def all_dashboards() -> list[Dashboard]:
    return [Dashboard.load(file.name) for file in sorted(FOLDER.glob("*.json"))]


def promql(query: str, job: str = ".+", instance: str = ".+", interval: str = "1m") -> str:
    """A query as Grafana sends it."""
    for variable, value in (("$job", job), ("$instance", instance), ("$__rate_interval", interval)):
        query = query.replace(variable, value)
    return query


def sql(query: str, values: dict[str, str], begin: str, end: str) -> str:
    """A query as Grafana sends it; `values` are the variables', `begin` and `end` the time range."""
    for name, value in values.items():
        quoted = "'" + value.replace("'", "''") + "'"
        query = query.replace(f"${{{name}:sqlstring}}", quoted)
    query = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN '{begin}' AND '{end}'", query)
    query = query.replace("$__timeFrom()", f"'{begin}'").replace("$__timeTo()", f"'{end}'")
    if "$" in query:
        raise ValueError(f"a variable or macro is left: {query}")
    return query


def selectors(query: str) -> list[tuple[str, str]]:
    """Each metric that a query names, with its matchers."""
    return [(name, (matchers or "").strip()) for name, matchers in _METRIC.findall(query)]


def family(metric: str, known: set[str]) -> str:
    """The family of a series: histograms have three suffixes."""
    for suffix in ("_bucket", "_sum", "_count"):
        if metric.endswith(suffix) and metric.removesuffix(suffix) in known:
            return metric.removesuffix(suffix)
    return metric


def rule_groups() -> list[dict]:
    return yaml.safe_load(ALERTS.read_text())["groups"]


def alert_rules() -> list[dict]:
    return [rule for group in rule_groups() for rule in group["rules"] if "alert" in rule]


class Family(NamedTuple):
    kind: str
    labels: set[str]


KINDS = {"counter", "gauge", "histogram"}


def catalogue() -> dict[str, Family]:
    """The families of the runbook's table."""
    families: dict[str, Family] = {}
    for line in (ROOT / "docs" / "RUNBOOK.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        # Other tables begin with what is seen of a family, and go on with why.
        if len(cells) < 5 or not cells[1].startswith("`bursar_") or cells[2] not in KINDS:
            continue
        # A label stands in backticks, perhaps with its values: `pool` or `step=full/refresh`.
        labels = set(re.findall(r"`([a-z_]+)(?:=[^`]*)?`", cells[3]))
        for name in re.findall(r"`(bursar_\w+)`", cells[1]):
            families[name] = Family(cells[2], labels)
    return families
