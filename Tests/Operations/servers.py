"""The running gateways and provider simulators of a stand."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from programs import Failed, Program, find_program, until


@dataclass(frozen=True)
class Client:
    """A merchant backend's credential with the gateway."""

    id: str
    secret: str


class Simulator:
    """A running provider simulator; docs/SIMULATOR.md has its control interface."""

    def __init__(self, name: str, folder: Path, *arguments: str):
        log = folder / f"{name}.log"
        self.program = Program(name, [find_program("provider-simulator"), "--port", "0", *arguments], log)
        self.url = self.program.line("listening on ").split()[-1]
        self._session = plain_session()

    def control(self, method: str, path: str, body: dict | None = None) -> dict:
        answer = self._session.request(method, f"{self.url}/_control/{path}", json=body or {}, timeout=20)
        if not answer.ok:
            raise Failed(f"simulator: {method} {path}: {answer.text}")
        return answer.json()

    def know(self, provider: str, client_id: str, secret: str) -> None:
        body = {"provider": provider, "client_id": client_id, "client_secret": secret}
        self.control("PUT", "credentials", body)

    def fault(self, provider: str, kind: str, endpoint: str = "any", **members: object) -> dict:
        fault = {"provider": provider, "endpoint": endpoint, "kind": kind}
        return self.control("POST", "faults", fault | members)

    def clear_faults(self, provider: str | None = None) -> None:
        self.control("DELETE", "faults" + (f"?provider={provider}" if provider else ""))

    def counts(self, client_id: str | None = None) -> dict:
        return self.control("GET", "counts" + (f"?client_id={client_id}" if client_id else ""))


class Gateway:
    """A gateway that can be stopped, killed and started again on the same state directory and ports."""

    def __init__(
        self,
        name: str,
        folder: Path,
        environment: dict[str, str],
        authority: Path | None,
        launcher: list[str] | None = None,
    ):
        """`launcher`: a program with its arguments that runs the gateway by its last ones."""
        self.name = name
        self._command = [*(launcher or []), find_program("bursar"), "serve"]
        self.state = Path(environment["BURSAR_STATE_DIR"])
        self.environment = environment
        self.log = folder / f"{name}.log"
        self._scheme = "https" if "BURSAR_TLS_CERTIFICATE_FILE" in environment else "http"
        self.session = plain_session()
        if authority:
            self.session.verify = str(authority)

    def start(self, ready: bool = True, **changes: str) -> "Gateway":
        self.environment |= changes
        self.program = Program(self.name, self._command, self.log, self.environment)
        self.merchant, self.admin = (self._address(side) for side in ("merchant", "admin"))
        for variable, url in (("BURSAR_HTTP_PORT", self.merchant), ("BURSAR_ADMIN_PORT", self.admin)):
            self.environment[variable] = str(urlsplit(url).port)
        if ready:
            until(f"{self.name} is ready", lambda: self.get(self.admin + "/readyz").ok)
        return self

    def stop(self) -> None:
        """As a service manager stops it; our own idle connections would only make it wait."""
        self.session.close()
        if hasattr(self, "program"):
            self.program.stop()

    def kill(self) -> None:
        self.program.kill()

    def _address(self, side: str) -> str:
        line = self.program.line(f"server={side}")
        address = next(word[len("address=") :] for word in line.split() if word.startswith("address="))
        return f"{self._scheme}://{address}"

    def get(self, url: str, **options: object) -> requests.Response:
        return self.session.get(url, **({"timeout": 30} | options))

    def token(self, client: Client, headers: dict | None = None, **form: str) -> requests.Response:
        """POST /oauth2/token with HTTP Basic."""
        return self.session.post(
            self.merchant + "/oauth2/token",
            data={"grant_type": "client_credentials"} | form,
            auth=(client.id, client.secret),
            headers=headers,
            timeout=65,
        )

    def open_files(self) -> int:
        """How many descriptors the process has open."""
        return len(os.listdir(f"/proc/{self.program.pid}/fd"))

    def metrics(self) -> str:
        answer = self.get(self.admin + "/metrics")
        answer.raise_for_status()
        return answer.text

    def metric(self, series: str) -> float | None:
        """The value of one series, written as the scrape has it; None when it is not there."""
        for line in self.metrics().splitlines():
            if line.startswith(series + " "):
                return float(line.rsplit(" ", 1)[1])
        return None


def plain_session() -> requests.Session:
    """HTTP without the proxies and passwords of whoever runs the tests."""
    session = requests.Session()
    session.trust_env = False
    return session
