"""Debian's Prometheus and promtool, as tests run them: on loopback, with a data folder of their own."""

import shutil
import subprocess
from pathlib import Path

import yaml

from dashboards import ALERTS
from programs import Failed, Program, free_port, until
from servers import plain_session


def promtool(*arguments: str, stdin: str = "", folder: Path | None = None) -> str:
    """What promtool prints; anything but exit 0 is a failure."""
    ended = subprocess.run(
        [_find("promtool"), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=300,
    )
    if ended.returncode:
        raise Failed(f"promtool {' '.join(arguments)}:\n{ended.stdout}{ended.stderr}")
    return ended.stdout + ended.stderr


def _find(name: str) -> str:
    return shutil.which(name) or f"/usr/bin/{name}"


def scrape_job(job: str, url: str, authority: Path | None = None) -> dict:
    """The configuration for one gateway's admin side."""
    scheme, address = url.split("://")
    configuration = {"job_name": job, "scheme": scheme, "static_configs": [{"targets": [address]}]}
    if scheme == "https" and authority:
        configuration["tls_config"] = {"ca_file": str(authority)}
    return configuration


class Prometheus:
    """Scrapes every second, evaluates `rules` as often, and answers queries."""

    def __init__(self, folder: Path, jobs: list[dict], rules: Path = ALERTS):
        self._file = folder / "prometheus.yml"
        self._rules = rules
        self.write(jobs)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._session = plain_session()
        command = [
            _find("prometheus"),
            f"--config.file={self._file}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-lifecycle",
            "--log.level=warn",
        ]
        self.program = Program("prometheus", command, folder / "prometheus.log")
        until("Prometheus is ready", lambda: self._session.get(self.url + "/-/ready", timeout=5).ok, 60)

    def write(self, jobs: list[dict]) -> None:
        second = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        configuration = {"global": second, "rule_files": [str(self._rules)], "scrape_configs": jobs}
        self._file.write_text(yaml.safe_dump(configuration))

    def _get(self, path: str, **parameters: object):
        answer = self._session.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=60).json()
        if answer["status"] != "success":
            raise Failed(f"{path} {parameters}: {answer}")
        return answer["data"]

    def query(self, text: str) -> list[dict]:
        """The series of an instant query, now."""
        return self._get("query", query=text)["result"]

    def query_range(self, text: str, begin: float, end: float, step: float) -> list[dict]:
        return self._get("query_range", query=text, start=begin, end=end, step=step)["result"]

    def label_values(self, selector: str, label: str) -> list[str]:
        return self._get(f"label/{label}/values", **{"match[]": selector})

    def targets_up(self) -> set[str]:
        """The jobs whose last scrape went well."""
        active = self._get("targets", state="active")["activeTargets"]
        return {target["labels"]["job"] for target in active if target["health"] == "up"}

    def alerts(self, state: str = "firing") -> list[dict]:
        return [alert for alert in self._get("alerts")["alerts"] if alert["state"] == state]

    def stop(self) -> None:
        self._session.close()
        self.program.stop()
