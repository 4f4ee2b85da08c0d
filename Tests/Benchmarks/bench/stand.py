"""A gateway with many tenants, on a database of its own."""

import base64
import contextlib
import os
import re
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.processes import LOAD_CORE, SERVER_CORE, children, fetch, wait_for

BIN = Path(os.environ["BURSAR_BENCH_BIN"])
SERVER = os.environ["BURSAR_BENCH_DATABASE_URL"]


@dataclass(frozen=True)
class Ports:
    merchant: int = 18480
    admin: int = 18481
    simulator: int = 18490


class Stand:
    """The database, the simulator where one is wanted, and one gateway on the servers' core."""

    def __init__(self, processes, name, ports=Ports(), **environment):
        """`environment`: what the program finds in its own beside the settings."""
        self.processes = processes
        self.folder = processes.folder / name
        self.ports = ports
        self.database = urlsplit(SERVER)._replace(path=f"/bench_{name}").geturl()
        self.clients = self.folder / "clients"
        self._prepare(name, environment)

    def _prepare(self, name, environment):
        (self.folder / "providers").mkdir(parents=True)
        self.keyring = self.folder / "keyring"
        self.keyring.touch(mode=0o600)
        self.keyring.write_text(f"bench:{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
        self.profile()
        self.environment = {
            "PATH": os.environ["PATH"],
            "BURSAR_DATABASE_URL": self.database,
            "BURSAR_KEYRING_FILE": str(self.keyring),
            "BURSAR_STATE_DIR": str(self.folder / "state"),
            "BURSAR_PROVIDERS_DIR": str(self.folder / "providers"),
            "BURSAR_PROVIDER_NETWORKS": "loopback-too",
            "BURSAR_HTTP_PORT": str(self.ports.merchant),
            "BURSAR_ADMIN_PORT": str(self.ports.admin),
            "BURSAR_DRAIN_SECONDS": "0",
            **environment,
        }
        self._pin_server()
        self.psql(f"DROP DATABASE IF EXISTS bench_{name}", SERVER)
        self.psql(f"CREATE DATABASE bench_{name}", SERVER)
        subprocess.run([BIN / "bursar", "migrate"], env=self.environment, check=True, capture_output=True)

    def _pin_server(self):
        """PostgreSQL shares the load's core, so that the gateway has its own to itself."""
        first = self.psql("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)", SERVER)
        for pid in [int(first), *children(int(first))]:
            # A worker of autovacuum may have ended meanwhile.
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(pid, {LOAD_CORE})

    def profile(self, more=""):
        """The provider's profile: the built-in one at the simulator's address."""
        url = f"http://127.0.0.1:{self.ports.simulator}/zatlas"
        text = f'id: zatlas\nenvironments: {{ sandbox: {{ base_url: "{url}" }} }}\n{more}'
        (self.folder / "providers/zatlas.yaml").write_text(text)

    def psql(self, statement, url=None):
        command = ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", url or self.database, "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def drop(self):
        """Makes room on the disk; its gateways have ended."""
        self.psql(f"DROP DATABASE {urlsplit(self.database).path[1:]}", SERVER)

    def seed(self, tenants, *options):
        """Enrols tenants; their clients stand in `clients`, a line each: id, secret, tenant."""
        command = [
            BIN / "BenchmarkTool", "seed", "--tenants", str(tenants), "--keyring", self.keyring,
            "--providers-directory", self.folder / "providers", "--clients", self.clients, *options,
        ]  # fmt: skip
        maker = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE)
        loader = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.database]
        subprocess.run(loader, stdin=maker.stdout, stdout=subprocess.DEVNULL, check=True)
        if maker.wait():
            raise SystemExit("the tenants could not be made")

    def simulator(self, *arguments):
        credentials = self.folder / "credentials.json"
        credentials.write_text('[{"provider": "zatlas", "client_id": "bench", "client_secret": "bench"}]')
        command = [BIN / "provider-simulator", "--port", self.ports.simulator, "--credentials", credentials]
        process = self.processes.start("simulator", [*command, *arguments], core=LOAD_CORE)
        wait_for(f"http://127.0.0.1:{self.ports.simulator}/_control/counts", process=process)
        return process

    def gateway(self, patience=60, core=SERVER_CORE, **environment):
        """Starts it, and returns when it is ready."""
        command = [BIN / "bursar", "serve"]
        process = self.processes.start("gateway", command, core=core, environment=self.environment | environment)
        scheme = "https" if "BURSAR_TLS_CERTIFICATE_FILE" in environment else "http"
        self.admin = f"{scheme}://127.0.0.1:{self.ports.admin}"
        wait_for(f"{self.admin}/readyz", patience, process)
        return process

    def metric(self, name, *labels):
        """The sum of the series that have this name and contain these labels."""
        return sum(float(line.split()[-1]) for line in self._series(name, labels))

    def histogram(self, name, *labels):
        """Upper bound to how many values are at most that."""
        lines = self._series(f"{name}_bucket", labels)
        return {float(re.search(r'le="([^"]+)"', line)[1]): float(line.split()[-1]) for line in lines}

    def _series(self, name, labels):
        lines = fetch(f"{self.admin}/metrics").splitlines()
        series = [line for line in lines if line.split("{")[0].split()[0] == name]
        return [line for line in series if all(label in line for label in labels)]

    def callers(self, count=None):
        """The clients as (id, secret, tenant), evenly chosen among all."""
        lines = self.clients.read_text().splitlines()
        step = max(1, len(lines) // (count or len(lines)))
        return [tuple(line.split()) for line in lines[::step]][:count]
