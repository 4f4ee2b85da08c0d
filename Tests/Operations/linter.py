"""The published rules of Grafana's dashboard linter: functions from a dashboard to what breaks them."""

import re
from collections.abc import Callable, Iterator

from dashboards import POSTGRES, PROMETHEUS, Dashboard, selectors

# Of Grafana's units those that we use.
UNITS = {
    *("none", "string", "short", "locale", "percentunit", "bytes", "dateTimeAsIso"),
    *("s", "ms", "µs", "dtdurations", "reqps", "cps"),
}
PLUGINS = {"timeseries", "stat", "table", "heatmap"}
FUNCTIONS_OF_COUNTERS = ("rate", "irate", "increase")

Rule = Callable[[Dashboard], Iterator[str]]


def template_datasource(board: Dashboard) -> Iterator[str]:
    found = [variable for variable in board.variables if variable["type"] == "datasource"]
    if len(found) != 1:
        yield f"{len(found)} data source variables"
    for variable in found:
        if (variable["name"], variable["label"]) != ("datasource", "Data source"):
            yield f"the data source variable is {variable['name']!r}, {variable['label']!r}"
        if variable["query"] not in (PROMETHEUS, POSTGRES):
            yield f"unknown data source type {variable['query']}"


def template_job_and_instance(board: Dashboard) -> Iterator[str]:
    if board.kind != PROMETHEUS:
        return
    variables = {variable["name"]: variable for variable in board.variables}
    for name, label in (("job", "Job"), ("instance", "Instance")):
        variable = variables.get(name)
        if not variable:
            yield f"no variable {name}"
            continue
        wanted = {"type": "query", "label": label, "multi": True, "includeAll": True, "allValue": ".+"}
        for key, value in wanted.items():
            if variable.get(key) != value:
                yield f"{name}.{key} is {variable.get(key)!r}, not {value!r}"


def template_query_datasource(board: Dashboard) -> Iterator[str]:
    for variable in board.variables:
        if variable["type"] == "query" and variable["datasource"]["uid"] != "${datasource}":
            yield f"{variable['name']} asks {variable['datasource']}"


def template_label_promql(board: Dashboard) -> Iterator[str]:
    pattern = re.compile(r"label_values\((bursar_[a-z_]+(\{[^}]*\})?), [a-z_]+\)")
    for variable in board.variables:
        if board.kind == PROMETHEUS and variable["type"] == "query":
            if not pattern.fullmatch(variable["query"]):
                yield f"{variable['name']}: {variable['query']}"


def template_on_time_change_reload(board: Dashboard) -> Iterator[str]:
    for variable in board.variables:
        if variable["type"] == "query" and variable["refresh"] != 2:
            yield f"{variable['name']} is not read again when the time range changes"


def uneditable(board: Dashboard) -> Iterator[str]:
    if board.content.get("editable") is not False:
        yield "it can be edited"


def stable_identity(board: Dashboard) -> Iterator[str]:
    if not re.fullmatch(r"bursar-[a-z]+", board.content.get("uid") or "") or board.content.get("id"):
        yield "uid is not stable"
    if not board.content.get("description"):
        yield "no description"


def panel_datasource(board: Dashboard) -> Iterator[str]:
    for panel in board.panels():
        for place in (panel, *panel["targets"]):
            if place.get("datasource") != {"type": board.kind, "uid": "${datasource}"}:
                yield f"{panel['title']}: {place.get('datasource')}"


def panel_title_description(board: Dashboard) -> Iterator[str]:
    for panel in board.panels():
        if not panel.get("title") or len(panel.get("description", "")) < 10:
            yield f"panel {panel['id']} {panel.get('title')!r}"


def panel_units(board: Dashboard) -> Iterator[str]:
    for panel in board.panels():
        config = panel["fieldConfig"]
        units = [config["defaults"].get("unit")]
        for override in config["overrides"]:
            units += [item["value"] for item in override["properties"] if item["id"] == "unit"]
        for unit in units:
            if unit not in UNITS:
                yield f"{panel['title']}: {unit!r}"


def panel_no_targets(board: Dashboard) -> Iterator[str]:
    for panel in board.panels():
        if panel["type"] not in PLUGINS:
            yield f"{panel['title']}: unknown type {panel['type']}"
        if not panel.get("targets"):
            yield f"{panel['title']}: no query"
        references = [target["refId"] for target in panel.get("targets", [])]
        if len(references) != len(set(references)):
            yield f"{panel['title']}: two queries {references}"


def panel_ids_and_places(board: Dashboard) -> Iterator[str]:
    panels = board.content["panels"]
    if len({panel["id"] for panel in panels}) != len(panels):
        yield "two panels with one id"
    taken: dict[tuple[int, int], str] = {}
    for panel in panels:
        grid = panel["gridPos"]
        if grid["x"] + grid["w"] > 24:
            yield f"{panel['title']} reaches over the edge"
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                other = taken.setdefault((x, y), panel["title"])
                if other != panel["title"]:
                    yield f"{panel['title']} covers {other}"


def target_matchers(board: Dashboard) -> Iterator[str]:
    for target in board.targets() if board.kind == PROMETHEUS else ():
        found = selectors(target.query)
        if not found:
            yield f"{target}: no metric"
        for metric, matchers in found:
            for label in ("job", "instance"):
                if f'{label}=~"${label}"' not in matchers:
                    yield f"{target}: {metric} without a matcher for {label}"


def target_rate_interval(board: Dashboard) -> Iterator[str]:
    for target in board.targets() if board.kind == PROMETHEUS else ():
        for window in re.findall(r"\[([^\]]*)\]", target.query):
            if window != "$__rate_interval":
                yield f"{target}: [{window}]"


def target_counter_aggregation(board: Dashboard) -> Iterator[str]:
    for target in board.targets() if board.kind == PROMETHEUS else ():
        for match in re.finditer(r"(\w*)\(?\b(\w+(?:_total|_bucket|_sum|_count))\b\s*\{", target.query):
            if match[1] not in FUNCTIONS_OF_COUNTERS:
                yield f"{target}: {match[2]} without rate or increase"


def target_legend(board: Dashboard) -> Iterator[str]:
    for panel in board.panels() if board.kind == PROMETHEUS else ():
        for target in panel["targets"]:
            legend = target["legendFormat"]
            if not legend and panel["type"] != "table":
                yield f"{panel['title']} {target['refId']}: no legend"
            # Only labels that the query leaves.
            by = " ".join(re.findall(r"by \(([^)]*)\)", target["expr"]))
            for label in re.findall(r"\{\{(\w+)\}\}", legend):
                if "by (" in target["expr"] and label not in re.findall(r"\w+", by) + ["instance"]:
                    yield f"{panel['title']}: the legend names {label}, the query drops it"


RULES: list[Rule] = [
    *(template_datasource, template_job_and_instance, template_query_datasource, template_label_promql),
    *(template_on_time_change_reload, uneditable, stable_identity),
    *(panel_datasource, panel_title_description, panel_units, panel_no_targets, panel_ids_and_places),
    *(target_matchers, target_rate_interval, target_counter_aggregation, target_legend),
]
