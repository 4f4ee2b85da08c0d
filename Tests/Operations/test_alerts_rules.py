"""The alerts' rules: their form, their page, and that each fires when it should and only then."""

import re
import unittest

from dashboards import ALERTS, FOLDER, ROOT, alert_rules, rule_groups
from prometheus import promtool

HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]


def sections() -> dict[str, list[str]]:
    """The alerts of docs/ALERTS.md, each with its headings."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "docs" / "ALERTS.md").read_text().splitlines():
        if line.startswith("## "):
            name = line.removeprefix("## ")
            found[name] = []
        elif line.startswith("### "):
            found[name].append(line.removeprefix("### "))
    return found


def tested_alerts() -> dict[str, set[bool]]:
    """The alerts of dashboards/tests, each with whether it was expected to fire, and not to."""
    found: dict[str, set[bool]] = {}
    for file in (FOLDER / "tests").glob("*.yaml"):
        alert = None
        for line in file.read_text().splitlines():
            if match := re.search(r'alertname="(\w+)"', line):
                alert = match[1]
            if alert and (match := re.search(r"exp_samples:(.*)", line)):
                found.setdefault(alert, set()).add(match[1].strip() != "[]")
    return found


class RuleFormTests(unittest.TestCase):
    def test_promtool_takes_the_rules(self) -> None:
        self.assertIn("SUCCESS", promtool("check", "rules", "--lint-fatal", str(ALERTS)))
        promtool("check", "config", str(FOLDER / "prometheus.yml"))

    def test_each_alert_says_what_is_needed(self) -> None:
        for rule in alert_rules():
            name = rule["alert"]
            with self.subTest(alert=name):
                self.assertRegex(name, r"^Bursar[A-Z][A-Za-z]+$")
                self.assertEqual(set(rule["labels"]), {"severity"})
                self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
                notes = rule["annotations"]
                self.assertEqual(set(notes), {"summary", "description", "runbook_url"})
                self.assertRegex(notes["description"], r"^[^\n]*\{\{.*\$labels\.[^\n]*$")
                self.assertNotRegex(notes["summary"], r"\.$|\{\{")
                self.assertEqual(notes["runbook_url"], f"docs/ALERTS.md#{name.lower()}")

    def test_no_alert_is_there_twice(self) -> None:
        names = [rule["alert"] for rule in alert_rules()]
        self.assertEqual(len(names), len(set(names)))

    def test_recorded_ratios_are_used(self) -> None:
        text = ALERTS.read_text()
        for group in rule_groups():
            for rule in group["rules"]:
                if record := rule.get("record"):
                    self.assertGreater(text.count(record), 1, record)

    def test_each_alert_has_its_page_and_each_page_its_alert(self) -> None:
        found = sections()
        self.assertEqual(sorted(found), sorted(rule["alert"] for rule in alert_rules()))
        for name, headings in found.items():
            self.assertEqual(headings, HEADINGS, name)


class RuleBehaviourTests(unittest.TestCase):
    def test_each_alert_fires_and_stays_silent(self) -> None:
        for file in sorted((FOLDER / "tests").glob("*.yaml")):
            with self.subTest(file=file.name):
                promtool("test", "rules", file.name, folder=FOLDER / "tests")

    def test_each_alert_is_tested_both_ways(self) -> None:
        tested = tested_alerts()
        for rule in alert_rules():
            self.assertEqual(tested.get(rule["alert"]), {True, False}, rule["alert"])


if __name__ == "__main__":
    unittest.main()
