"""Every panel of every dashboard shows something, from real gateways under a load with every outcome."""

import contextlib
import datetime
import math
import re
import time
import unittest
import uuid
from urllib.parse import urlsplit

import psycopg

from dashboards import (
    ROOT,
    Dashboard,
    Target,
    catalogue,
    family,
    promql,
    rule_groups,
    selectors,
    sql,
)
from load import Load
from programs import until
from prometheus import Prometheus, promtool, scrape_job
from stand import StandCase

OUTCOMES = {
    *(("answered", source, "none") for source in ("memory", "store", "provider", "scoped")),
    *(("failed", "none", fault) for fault in ("caller", "credential", "provider", "gateway")),
    *(("limited", "none", "none"), ("refused", "none", "none")),
}


def types(scrape: str) -> dict[str, str]:
    """The families of a scrape with their kinds."""
    return dict(line.split()[2:4] for line in scrape.splitlines() if line.startswith("# TYPE "))


class LiveCase(StandCase):
    """Two gateways, one with TLS, under load since before the first test."""

    profiles = Load.PROFILES

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        stand = cls.stand
        certificate, key = stand.folder / "certificate.pem", stand.folder / "key.pem"
        stand.authority.issue(certificate, key)
        tls = {"BURSAR_TLS_CERTIFICATE_FILE": str(certificate), "BURSAR_TLS_KEY_FILE": str(key)}
        cutter = stand.cutter()
        cls.first = stand.gateway("first", through=cutter)
        cls.at_start = cls.first.metrics()
        cls.second = stand.gateway("second", environment=tls)
        jobs = [
            scrape_job("bursar", cls.first.admin),
            scrape_job("bursar-tls", cls.second.admin, stand.authority.file),
        ]
        cls.prometheus = Prometheus(stand.folder, jobs)
        cls.addClassCleanup(cls.prometheus.stop)
        until("both are scraped", lambda: cls.prometheus.targets_up() == {"bursar", "bursar-tls"})
        load = Load(stand, cls.first, cls.second)
        cls.enterClassContext(load.running())
        cls.tenant = load.tenant
        # Calls to the database that fail, and callers who wait for it meanwhile.
        cutter.cut()
        until("a call failed", lambda: cls.value("sum(bursar_database_failures_total)") >= 1)
        cutter.mend()
        cls.begin = time.time()
        until("every outcome occurred", lambda: cls.outcomes() == OUTCOMES, 90)

    @classmethod
    def value(cls, query: str) -> float:
        found = cls.prometheus.query(query)
        return float(found[0]["value"][1]) if found else math.nan

    @classmethod
    def outcomes(cls) -> set[tuple[str, str, str]]:
        series = cls.prometheus.query("sum by (outcome, source, fault) (bursar_token_requests_total) > 0")
        return {tuple(one["metric"][label] for label in ("outcome", "source", "fault")) for one in series}


class MetricsTests(LiveCase):
    def test_each_operations_panel_shows_something(self) -> None:
        for target in Dashboard.load("operations.json").targets():
            with self.subTest(panel=str(target)):
                until("it shows something", lambda: self.shows(target), 30)

    def shows(self, target: Target) -> bool:
        query = promql(target.query, interval="30s")
        if not target.is_time_series:
            values = [series["value"] for series in self.prometheus.query(query)]
        else:
            now = time.time()
            found = self.prometheus.query_range(query, now - 60, now, 2)
            values = [value for series in found for value in series["values"]]
        return any(not math.isnan(float(value)) for _, value in values)

    def test_variables_offer_what_there_is(self) -> None:
        places = {urlsplit(gateway.admin).netloc for gateway in (self.first, self.second)}
        wanted = {"job": {"bursar", "bursar-tls"}, "instance": places}
        for variable in Dashboard.load("operations.json").variables:
            if variable["type"] == "query":
                selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]).groups()
                found = self.prometheus.label_values(promql(selector), label)
                self.assertEqual(set(found), wanted[variable["name"]])

    def test_the_scrape_pleases_promtool(self) -> None:
        self.assertEqual(promtool("check", "metrics", stdin=self.first.metrics()).strip(), "")

    def test_each_family_is_in_the_runbook_and_each_of_the_runbook_is_exported(self) -> None:
        documented = {name: family.kind for name, family in catalogue().items()}
        self.assertEqual(documented, types(self.first.metrics()))

    def test_families_are_there_from_the_start(self) -> None:
        self.assertEqual(types(self.at_start), types(self.first.metrics()))

    def test_labels_are_those_of_the_runbook(self) -> None:
        documented = catalogue()
        known = set(documented)
        for name, matchers in re.findall(r"^(bursar_\w+)\{(.*)\} ", self.first.metrics(), re.MULTILINE):
            labels = set(re.findall(r'(\w+)="', matchers)) - {"le"}
            self.assertEqual(labels, documented[family(name, known)].labels, name)

    def test_queries_name_families_that_are_exported(self) -> None:
        exported = set(types(self.first.metrics())) | {"up"}
        queries = [(str(target), target.query) for target in Dashboard.load("operations.json").targets()]
        queries += [(str(rule), rule["expr"]) for group in rule_groups() for rule in group["rules"]]
        for name, query in queries:
            for metric, _ in selectors(query):
                self.assertIn(family(metric, exported), exported, name)

    def test_each_family_has_a_panel(self) -> None:
        exported = set(types(self.first.metrics()))
        targets = Dashboard.load("operations.json").targets()
        shown = {family(metric, exported) for target in targets for metric, _ in selectors(target.query)}
        self.assertEqual(exported - shown, set())


class ReportTests(LiveCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        stand = cls.stand
        # Closed for certain: a month that ended more than 48 hours ago.
        today = datetime.datetime.now(datetime.UTC).date()
        last_month = today.replace(day=1) - datetime.timedelta(days=1)
        cls.closed = (last_month.replace(day=1) - datetime.timedelta(days=1)).strftime("%Y-%m")
        stand.bursar("report", "close", "--period", cls.closed)
        place = ["--tenant", cls.tenant.uuid, "--meter", "answered_memory", "--by", "5", "--reason", "agreed"]
        stand.bursar("report", "adjust", "--period", cls.closed, *place)
        downtime = "SELECT 1 FROM finance.downtime_daily LIMIT 1"
        until("downtime is added up", lambda: stand.sql(downtime), 150)

    def test_each_panel_of_finance_shows_something(self) -> None:
        self.check("finance.json", "bursar_finance", "bursar_monitor")

    def test_each_panel_of_tenants_shows_something(self) -> None:
        self.check("tenants.json", "bursar_monitor", "bursar_finance")

    def check(self, name: str, role: str, other: str) -> None:
        board = Dashboard.load(name)
        with self.login(role) as connection, self.login(other) as stranger:
            values = {}
            for variable in board.variables:
                if variable["type"] == "query":
                    values[variable["name"]] = self.first_choice(connection, variable["query"])
            for target in board.targets():
                with self.subTest(panel=str(target)):
                    query = self.substitute(target.query, values)
                    self.assertTrue(connection.execute(query).fetchall())
                    with self.assertRaises(psycopg.errors.InsufficientPrivilege):
                        stranger.execute(query)

    def first_choice(self, connection: psycopg.Connection, query: str) -> str:
        """What Grafana takes at first: the first row, its `__value` where there is one."""
        cursor = connection.execute(query)
        names = [column.name for column in cursor.description]
        return cursor.fetchone()[names.index("__value") if "__value" in names else 0]

    def test_a_choice_narrows_what_is_shown(self) -> None:
        for name, role in (("finance.json", "bursar_finance"), ("tenants.json", "bursar_monitor")):
            with self.login(role) as connection:
                for target in Dashboard.load(name).targets():
                    if "${tenant:sqlstring}" not in target.query:
                        continue
                    values = {"tenant": str(uuid.uuid4()), "provider": "all", "month": self.closed}
                    rows = connection.execute(self.substitute(target.query, values)).fetchall()
                    self.assertFalse([row for row in rows if row[0]], str(target))

    def test_a_choice_cannot_break_out_of_its_quotes(self) -> None:
        with self.login("bursar_finance") as connection:
            for target in Dashboard.load("finance.json").targets():
                values = {"tenant": "' OR '1' = '1", "month": self.closed}
                connection.execute(self.substitute(target.query, values))

    def test_statements_of_the_alerts_pages_can_be_run(self) -> None:
        """Those on views, by an operator's login; the tables are for members of bursar_owner."""
        text = (ROOT / "docs" / "ALERTS.md").read_text()
        statements = re.findall(r"`(SELECT [^`]*)`", text)
        self.assertGreater(len(statements), 4)
        for statement in statements:
            on_tables = "bursar.refresh_event_default" in statement
            with self.login("bursar_owner" if on_tables else "bursar_monitor") as connection:
                connection.execute(statement)

    def substitute(self, query: str, values: dict[str, str]) -> str:
        begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        end = begin + datetime.timedelta(days=2)
        return sql(query, values, begin.isoformat(), end.isoformat())

    @contextlib.contextmanager
    def login(self, role: str):
        """A connection of a login that is a member of this role and of nothing else."""
        name, password = f"test_{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
        self.stand.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE {role}")
        try:
            options = {"user": name, "password": password, "autocommit": True}
            with psycopg.connect(self.stand.database_url, **options) as connection:
                yield connection
        finally:
            self.stand.sql(f"DROP ROLE {name}")


if __name__ == "__main__":
    unittest.main()
