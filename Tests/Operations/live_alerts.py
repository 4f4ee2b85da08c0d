"""Each alert is raised by its real fault within minutes, and nothing is raised beside a fault."""

import contextlib
import threading
import unittest

import requests
import yaml

from dashboards import ALERTS, alert_rules
from faults import Fault, Faults
from programs import Failed, until
from prometheus import Prometheus, promtool
from rotation import rejected_successor
from stand import Stand, StandCase

# Raised by what lasts longer, or by what nobody can bring about from outside: dashboards/tests has them all.
NOT_RAISED_HERE = {
    "BursarAuditTrailNotVerified": "two days in which nobody verifies",
    "BursarChangesNotHeard": "ten minutes without a connection to listen on",
    "BursarClockOffset": "a machine that stood still, or a database whose clock was set",
    "BursarErrorBudgetBurnMedium": "half an hour of failures",
    "BursarErrorBudgetBurnSlow": "hours of failures",
    "BursarOldPrimary": "two clusters; Tests/FaultTests brings it about and reads its metric",
    "BursarRewrapUnfinished": "a day in which nobody ends it",
    "BursarRefreshEventsDropped": "thousands of requests to providers while nothing can be sealed",
    "BursarSharesAboveWhole": "a minute cut off, where all replicas of the database are in one job",
    "BursarUsageUnattributed": "some 32,000 clients in a second",
}


def firing(name: str) -> str:
    return f'ALERTS{{alertname="{name}", alertstate="firing"}}'


class LiveAlertTests(StandCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.other = cls.enterClassContext(Stand())
        faults = Faults(cls.stand, cls.other)
        cls.addClassCleanup(faults.close)
        cls.faults = [*faults.all(), rejected_successor(cls.stand)]
        cls.prometheus = Prometheus(
            cls.stand.folder, [fault.scrape_job(cls.stand.authority.file) for fault in cls.faults]
        )
        cls.addClassCleanup(cls.prometheus.stop)
        jobs = {fault.job for fault in cls.faults}
        until("all are scraped", lambda: cls.prometheus.targets_up() == jobs, 60)
        cls.raised: dict[str, dict[str, dict]] = {fault.job: {} for fault in cls.faults}
        # The provider's failures while they last.
        cls.recorded: list[dict] = []

    def test_each_fault_raises_its_alerts_and_no_other(self) -> None:
        with self.under_load():
            for fault in self.faults:
                fault.break_it()
            with contextlib.suppress(Failed):
                until("every alert is raised", self.look, 270)
            recorded = self.prometheus.query('bursar_token_requests_total{job="bursar-provider"}[3m]')
            self.recorded.extend(recorded)
            self.mend()
        for fault in self.faults:
            with self.subTest(fault=fault.name):
                found = set(self.raised[fault.job])
                self.assertEqual(found - fault.perhaps, fault.alerts)
        for alert in self.texts():
            self.assertNotRegex(alert["description"], r"<no value>|<error|%!|\{\{", alert)
            self.assertNotIn("  ", alert["description"])

    def test_longer_failures_of_that_kind_raise_the_slower_alerts(self) -> None:
        """What was recorded before the faults were mended, going on for hours, by promtool's clock."""
        self.assertEqual(len(self.recorded), 10)
        series = []
        for one in self.recorded:
            pairs = [(name, value) for name, value in one["metric"].items() if name != "__name__"]
            labels = ", ".join(f'{name}="{value}"' for name, value in pairs)
            counts = [float(value) for _, value in one["values"]][::15]
            step = max(0.0, counts[-1] - counts[-2])
            values = " ".join(map(str, counts)) + f" {counts[-1] + step}+{step}x1700"
            series.append({"series": f"bursar_token_requests_total{{{labels}}}", "values": values})
        one_fires = {"eval_time": "7h", "exp_samples": [{"labels": "{}", "value": 1}]}
        slower = ("BursarErrorBudgetBurnMedium", "BursarErrorBudgetBurnSlow")
        checks = [{"expr": f"count({firing(name)})", **one_fires} for name in slower]
        test = {"interval": "15s", "input_series": series, "promql_expr_test": checks}
        order = ["bursar-error-ratio", "bursar-error-budget"]
        whole = {"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": [test]}
        whole["group_eval_order"] = order
        promtool("test", "rules", str(self.stand.write("recorded.yaml", yaml.safe_dump(whole))))

    def mend(self) -> None:
        """What is good again is silent within the time that a person would watch it."""
        for fault in self.faults:
            fault.mend()
        with self.subTest("alerts end"):
            until("alerts of what was mended end", lambda: not self.still_raised(), 60)

    def still_raised(self) -> set[tuple[str, str]]:
        labels = [alert["labels"] for alert in self.prometheus.alerts()]
        raised = {(each.get("job", ""), each["alertname"]) for each in labels}
        return raised & {(fault.job, name) for fault in self.faults for name in fault.ends}

    def look(self) -> bool:
        for alert in self.prometheus.alerts():
            labels = alert["labels"]
            self.raised.setdefault(labels.get("job", ""), {})[labels["alertname"]] = alert["annotations"]
        return all(fault.alerts <= set(self.raised[fault.job]) for fault in self.faults)

    def texts(self) -> list[dict]:
        return [notes for alerts in self.raised.values() for notes in alerts.values()]

    @contextlib.contextmanager
    def under_load(self):
        end = threading.Event()

        def run(fault: Fault) -> None:
            while not end.wait(0.5):
                with contextlib.suppress(requests.RequestException):
                    fault.load()

        threads = [threading.Thread(target=run, args=(fault,)) for fault in self.faults]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            end.set()
            for thread in threads:
                thread.join()

    def test_each_alert_is_raised_here_or_said_not_to_be(self) -> None:
        here = set().union(*(fault.alerts for fault in self.faults))
        self.assertEqual(here & set(NOT_RAISED_HERE), set())
        self.assertEqual(here | set(NOT_RAISED_HERE), {rule["alert"] for rule in alert_rules()})


if __name__ == "__main__":
    unittest.main()
