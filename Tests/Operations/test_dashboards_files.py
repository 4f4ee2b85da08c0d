"""What stands beside the dashboards: their README and the files from which Grafana is provisioned."""

import re
import unittest

import yaml

from dashboards import FOLDER, POSTGRES, PROMETHEUS, ROOT, Dashboard, all_dashboards


def readme_table(board: Dashboard) -> str:
    """The panels of a dashboard as README.md has them; matchers that all queries share are left out."""
    lines = ["| panel | question it answers | query |", "|---|---|---|"]
    for panel in board.content["panels"]:
        if panel["type"] == "row":
            lines.append(f"| **{panel['title']}** | | |")
            continue
        queries = [target.get("expr") or target["rawSql"] for target in panel["targets"]]
        shown = " · ".join(f"`{shorten(query)}`" for query in queries)
        cells = [panel["title"], panel["description"], shown]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def shorten(query: str) -> str:
    """Without what the choices at the top of a dashboard add to every query."""
    query = " ".join(query.split()).replace('job=~"$job", instance=~"$instance"', "")
    query = query.replace("{, ", "{").replace("{}", "")
    query = query.replace("to_date(${month:sqlstring} || '-01', 'YYYY-MM-DD')", "$month")
    choice = r"\(\$\{\w+:sqlstring\} = 'all' OR \S+ = \$\{\w+:sqlstring\}\)"
    query = re.sub(rf" AND {choice}", "", query)
    return re.sub(rf" WHERE {choice}", "", query)


class ReadmeTests(unittest.TestCase):
    def test_readme_lists_each_panel(self) -> None:
        text = (FOLDER / "README.md").read_text()
        for board in all_dashboards():
            table = readme_table(board)
            self.assertTrue(table in text, f"README.md must have this table of {board.name}:\n{table}")

    def test_readme_names_each_file(self) -> None:
        text = (FOLDER / "README.md").read_text()
        for file in FOLDER.rglob("*"):
            if file.is_file() and file.suffix in (".json", ".yaml", ".yml") and file.parent.name != "tests":
                self.assertIn(f"`{file.relative_to(FOLDER)}`", text)


class ProvisioningTests(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = FOLDER / "provisioning"
        self.sources = yaml.safe_load((self.folder / "datasources/bursar.yaml").read_text())["datasources"]

    def test_each_dashboard_finds_its_data_source(self) -> None:
        """Grafana takes the first data source of the type whose name the expression matches."""
        wanted = {"finance.json": "bursar-finance", "operations.json": "bursar-prometheus"}
        wanted["tenants.json"] = "bursar-monitor"
        for board in all_dashboards():
            variable = board.variables[0]
            expression = re.compile(variable["regex"].removeprefix("/").removesuffix("/i"), re.IGNORECASE)
            found = [
                source["uid"]
                for source in self.sources
                if source["type"] == variable["query"] and expression.search(source["name"])
            ]
            self.assertEqual(found, [wanted[board.name]])

    def test_sources_cannot_be_edited_and_hold_no_secret(self) -> None:
        self.assertEqual({source["type"] for source in self.sources}, {PROMETHEUS, POSTGRES})
        for source in self.sources:
            self.assertIs(source["editable"], False)
            self.assertRegex(source["url"], r"^\$BURSAR_[A-Z_]+$")
            for value in source.get("secureJsonData", {}).values():
                self.assertRegex(value, r"^\$BURSAR_[A-Z_]+$")

    def test_variables_are_in_the_readme(self) -> None:
        text = (FOLDER / "README.md").read_text()
        for file in self.folder.rglob("*.yaml"):
            for name in re.findall(r"\$(BURSAR_\w+)", file.read_text()):
                self.assertIn(f"`{name}`", text)

    def test_dashboards_are_read_only(self) -> None:
        (provider,) = yaml.safe_load((self.folder / "dashboards/bursar.yaml").read_text())["providers"]
        self.assertIs(provider["allowUiUpdates"], False)
        self.assertEqual(provider["type"], "file")

    def test_prometheus_reads_the_alerts_and_the_interval_agrees(self) -> None:
        prometheus = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
        self.assertEqual(prometheus["rule_files"], ["alerts.yaml"])
        self.assertEqual(self.sources[0]["jsonData"]["timeInterval"], prometheus["global"]["scrape_interval"])
        for job in prometheus["scrape_configs"]:
            self.assertRegex(job["job_name"], "^bursar")


class AlertPageTests(unittest.TestCase):
    """docs/ALERTS.md names only what there is."""

    def setUp(self) -> None:
        self.text = (ROOT / "docs" / "ALERTS.md").read_text()

    def test_panels_that_it_names_exist(self) -> None:
        titles = {"Bursar operations", "Bursar tenants"}
        for board in all_dashboards():
            titles |= {panel["title"] for panel in board.content["panels"]}
        prose = re.sub(r"`[^`]*`", "", self.text)
        for quoted in re.findall(r'"([^"]+)"', prose):
            self.assertIn(" ".join(quoted.split()), titles)

    def test_places_that_it_links_to_exist(self) -> None:
        for file, anchor in re.findall(r"\]\(([\w./]*)#([\w-]+)\)", self.text):
            text = (ROOT / "docs" / (file or "ALERTS.md")).read_text()
            headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            self.assertIn(anchor, anchors)

    def test_commands_that_it_names_exist(self) -> None:
        documented = (ROOT / "docs" / "API.md").read_text()
        for command in re.findall(r"`(bursar [a-z]+(?:\s[a-z]+)?)", self.text):
            self.assertIn(" ".join(command.split()), documented)


if __name__ == "__main__":
    unittest.main()
