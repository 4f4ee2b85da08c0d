"""The dashboards keep the rules of Grafana's linter, and each rule notices what breaks it."""

import copy
import json
import unittest
from collections.abc import Callable, Iterator

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard as GrafanaDashboard

import linter
from dashboards import PROMETHEUS, Dashboard, all_dashboards

Break = Callable[[dict], None]


def _first_panel(content: dict) -> dict:
    return next(panel for panel in content["panels"] if panel["type"] != "row")


def _replace_in_query(old: str, new: str) -> Break:
    def change(content: dict) -> None:
        for panel in content["panels"]:
            for target in panel.get("targets", []):
                if old in target["expr"]:
                    target["expr"] = target["expr"].replace(old, new)
                    return
        raise AssertionError(f"no query has {old}")

    return change


def _variable(index: int, **changes: object) -> Break:
    return lambda content: content["templating"]["list"][index].update(changes)


# For each rule a change to operations.json that it must notice.
BREAKS: dict[str, Break] = {
    "template_datasource": _variable(0, name="source"),
    "template_job_and_instance": _variable(1, allValue=""),
    "template_query_datasource": _variable(2, datasource={"type": PROMETHEUS, "uid": "abc"}),
    "template_label_promql": _variable(2, query="label_values(instance"),
    "template_on_time_change_reload": _variable(1, refresh=1),
    "uneditable": lambda content: content.update(editable=True),
    "stable_identity": lambda content: content.update(uid=None),
    "panel_datasource": lambda content: _first_panel(content).update(datasource="Prometheus"),
    "panel_title_description": lambda content: _first_panel(content).update(description=""),
    "panel_units": lambda content: _first_panel(content)["fieldConfig"]["defaults"].update(unit="req/s"),
    "panel_no_targets": lambda content: _first_panel(content).update(targets=[]),
    "panel_ids_and_places": lambda content: _first_panel(content)["gridPos"].update(y=3),
    "target_matchers": _replace_in_query(', instance=~"$instance"', ""),
    "target_rate_interval": _replace_in_query("[$__rate_interval]", "[5m]"),
    "target_counter_aggregation": _replace_in_query("sum by (fault) (rate(", "sum by (fault) ((("),
    "target_legend": lambda content: _first_panel(content)["targets"][0].update(legendFormat="{{tenant}}"),
}


def lost(before: object, after: object, place: str = "") -> Iterator[str]:
    """What `after` lacks or has otherwise."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            yield from lost(value, after[key], f"{place}/{key}") if key in after else [f"{place}/{key}"]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after)):
            yield from lost(one, other, f"{place}/{index}")
    elif before != after:
        yield f"{place}: {before!r} became {after!r}"


class RuleTests(unittest.TestCase):
    def test_grafana_knows_every_field(self) -> None:
        """Its own data model keeps all that it knows; `definition` is its variable editor's."""
        for board in all_dashboards():
            model = GrafanaDashboard.from_json(copy.deepcopy(board.content))
            after = json.loads(JSONEncoder().encode(model))
            places = [place for place in lost(board.content, after) if not place.endswith("/definition")]
            self.assertEqual(places, ["/id"], board.name)  # null: Grafana gives it one

    def test_dashboards_keep_the_rules(self) -> None:
        boards = all_dashboards()
        names = [board.name for board in boards]
        self.assertEqual(names, ["finance.json", "operations.json", "tenants.json"])
        for board in boards:
            for rule in linter.RULES:
                with self.subTest(board=board.name, rule=rule.__name__):
                    self.assertEqual(list(rule(board)), [])

    def test_each_rule_notices_what_breaks_it(self) -> None:
        content = Dashboard.load("operations.json").content
        self.assertEqual(set(BREAKS), {rule.__name__ for rule in linter.RULES})
        for rule in linter.RULES:
            with self.subTest(rule=rule.__name__):
                broken = copy.deepcopy(content)
                BREAKS[rule.__name__](broken)
                self.assertTrue(list(rule(Dashboard("broken", broken))))


if __name__ == "__main__":
    unittest.main()
