"""The whole product on loopback for one test: database, provider simulator, gateways, enrolled tenants.

    with Stand() as stand:
        tenant = stand.tenant(["zatlas"])
        gateway = stand.gateway("a")
        answer = gateway.token(tenant.clients["zatlas"])
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import unittest
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import yaml

from certificates import Authority
from cutter import Cutter
from programs import Failed, Program, find_program
from servers import Client, Gateway, Simulator

PROVIDERS = ["alternative", "paymentapi", "phoenix", "zatlas", "zertiban"]


@dataclass(frozen=True)
class Tenant:
    """A tenant with a connection, and a client of its own, for each provider."""

    uuid: str
    clients: dict[str, Client] = field(default_factory=dict)
    # What the providers know: client id and secret.
    credentials: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    status: int
    output: str
    errors: str


class Stand:
    """Lends everything; at the end all of it goes, and what failed shows the tails of the logs."""

    def __init__(self, profiles: dict[str, dict] | None = None, server: str | None = None):
        """`profiles`: what the profiles say besides the simulator's address, by provider; `server`: the URL of
        a PostgreSQL to make the database in, instead of the one that all tests share."""
        self._profiles = profiles or {}
        self._given = server
        self._programs: list[Program | Gateway] = []
        self._cutters: list[Cutter] = []

    def __enter__(self) -> "Stand":
        self._temporary = tempfile.TemporaryDirectory(prefix="bursar-stand.")
        self.folder = Path(self._temporary.name)
        self._server = self._given or os.environ.get("BURSAR_TEST_DATABASE_URL") or sys.exit(
            "BURSAR_TEST_DATABASE_URL is not set: run the tests with ./dev test"
        )
        self.database = f"test_{uuid.uuid4().hex[:16]}"
        self._administrate(f"CREATE DATABASE {self.database}")
        try:
            self._prepare()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def _prepare(self) -> None:
        self.database_url = self._url()
        self.authority = Authority(self.folder)
        self.keyring = self.write("keyring", f"test-1:{base64.b64encode(os.urandom(32)).decode()}\n")
        self.environment = {name: value for name, value in os.environ.items() if not _is_setting(name)} | {
            "BURSAR_DATABASE_URL": self.database_url,
            "BURSAR_KEYRING_FILE": str(self.keyring),
            "BURSAR_STATE_DIR": str(self.folder / "state"),
            "BURSAR_PROVIDERS_DIR": str(self.folder / "providers"),
            "BURSAR_PROVIDER_NETWORKS": "loopback-too",
            "BURSAR_HTTP_PORT": "0",
            "BURSAR_ADMIN_PORT": "0",
            "BURSAR_DRAIN_SECONDS": "0",
        }
        self.simulator = self.start_simulator()
        for provider in PROVIDERS:
            address = {"sandbox": {"base_url": f"{self.simulator.url}/{provider}"}}
            profile: dict = {"id": provider, "environments": address}
            if provider in ("alternative", "phoenix"):
                profile["token"] = {"path": "/oauth2/token"}
            profile |= self._profiles.get(provider, {})
            self.write(f"providers/{provider}.yaml", yaml.safe_dump(profile))
        self.bursar("migrate")

    def __exit__(self, kind: type | None, *_: object) -> None:
        if kind:
            self.show_logs()
        problems: list[Exception] = []
        for program in reversed(self._programs):
            try:
                program.stop()
            except Failed as problem:
                problems.append(problem)
        for cutter in self._cutters:
            cutter.close()
        self._drop_database()
        self._temporary.cleanup()
        if problems and not kind:
            raise problems[0]

    def _drop_database(self) -> None:
        self._administrate(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")

    def show_logs(self) -> None:
        for log in sorted(self.folder.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-40:]
            print(f"--- {log.name}", *lines, sep="\n", file=sys.stderr)

    # Parts

    def write(self, name: str, content: str | bytes) -> Path:
        """A file for its owner alone, below the stand's folder; it changes as a whole."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(file.name + ".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(content.encode() if isinstance(content, str) else content)
        return fresh.replace(file)

    def start_program(self, name: str, command: list[str]) -> Program:
        program = Program(name, command, self.folder / f"{name}.log", self.environment)
        self._programs.append(program)
        return program

    def start_simulator(self, name: str = "simulator", *arguments: str) -> Simulator:
        simulator = Simulator(name, self.folder, *arguments)
        self._programs.append(simulator.program)
        return simulator

    def cutter(self) -> Cutter:
        """A weak place before PostgreSQL: `gateway(…, through=cutter)` leads a gateway by way of it."""
        server = urlsplit(self.database_url)
        cutter = Cutter(server.hostname or "127.0.0.1", server.port or 5432)
        self._cutters.append(cutter)
        return cutter

    def gateway(
        self,
        name: str = "gateway",
        environment: dict[str, str] | None = None,
        through: Cutter | None = None,
        start: bool = True,
        launcher: list[str] | None = None,
    ) -> Gateway:
        """A gateway with its own state directory and log; it is ready, unless it shall not start yet."""
        settings = self.environment | {"BURSAR_STATE_DIR": str(self.folder / f"state-{name}")}
        if through:
            settings["BURSAR_DATABASE_URL"] = self._url(port=through.port)
        settings |= environment or {}
        gateway = Gateway(name, self.folder, settings, self.authority.file, launcher)
        self._programs.append(gateway)
        return gateway.start() if start else gateway

    # The command line

    def run(self, *arguments: str, stdin: str = "", environment: dict[str, str] | None = None) -> Ended:
        ended = subprocess.run(
            [find_program("bursar"), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            env=self.environment | (environment or {}),
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def bursar(self, *arguments: str, stdin: str = "", environment: dict[str, str] | None = None) -> object:
        """What the command prints with --json; anything but exit 0 is a failure."""
        ended = self.run(*arguments, "--json", stdin=stdin, environment=environment)
        if ended.status:
            command = " ".join(arguments)
            raise Failed(f"bursar {command}: exit {ended.status}\n{ended.errors}{ended.output}")
        return json.loads(ended.output) if ended.output.strip() else None

    def tenant(self, providers: list[str], rate: str = "1000000/s", burst: int = 1000000) -> Tenant:
        """Adds a tenant with connections to these providers and a client for each."""
        tenant = Tenant(str(uuid.uuid4()))
        self.bursar("tenant", "add", tenant.uuid, "--name", "Merchant", "--rate", rate, "--burst", str(burst))
        for provider in providers:
            place = ["--provider", provider, "--environment", "sandbox", "--tenant", tenant.uuid]
            client_id, secret = f"{provider}-{tenant.uuid[:8]}", f"a+b/c=%&:{uuid.uuid4().hex}"
            self.simulator.know(provider, client_id, secret)
            self.bursar("credential", "set", *place, "--client-id", client_id, "--secret-stdin", stdin=secret)
            issued = self.bursar("client", "issue", *place)
            tenant.credentials[provider] = (client_id, secret)
            tenant.clients[provider] = Client(issued["client_id"], issued["client_secret"])
        return tenant

    # The database

    def sql(self, text: str, *parameters: object, role: str | None = None) -> list[tuple]:
        """Runs one statement, as the superuser or with a role's rights alone; returns the rows there are."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            if role:
                connection.execute(f"SET ROLE {role}")
            cursor = connection.execute(text, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def _administrate(self, text: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(text)

    def _url(self, port: int | None = None) -> str:
        parts = urlsplit(self._server)
        place = parts.netloc if port is None else f"{parts.netloc.rsplit(':', 1)[0]}:{port}"
        return urlunsplit(parts._replace(netloc=place, path=f"/{self.database}"))


class StandCase(unittest.TestCase):
    """A test case that shows the logs of its class's `stand` when a test fails."""

    stand: Stand
    profiles: dict[str, dict] = {}

    @classmethod
    def setUpClass(cls) -> None:
        cls.stand = cls.enterClassContext(Stand(cls.profiles))

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        before = len(result.failures) + len(result.errors) if result else 0
        result = super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            self.stand.show_logs()
        return result


def _is_setting(name: str) -> bool:
    return name.startswith(("BURSAR_", "PG")) or name in ("CREDENTIALS_DIRECTORY", "STATE_DIRECTORY")
