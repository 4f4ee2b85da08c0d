"""Three gateways on a PostgreSQL of their own, tenants, callers, and what is checked of them at the end."""

import hashlib
import signal
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from callers import Call, Callers, failed, scoped_call, token_call
from checker import Checker
from programs import Failed
from server import Server
from servers import Client, Gateway
from stand import Stand

# What imported tenants share; a sealed secret for each would need a command for each.
SECRET_NAME, SECRET = "BURSAR_SECRET_OF_IMPORTED", uuid.uuid4().hex
# A debug build takes some 20 s for so many.
IMPORTED_AT_ONCE = 1_000


class Bench(Stand):
    """A stand that may break its PostgreSQL."""

    def __init__(self, profiles: dict[str, dict] | None = None, drain_seconds: int = 0):
        self._home = tempfile.TemporaryDirectory(prefix="bursar-faults.")
        self.home = Path(self._home.name)
        self.server = Server(self.home, "postgres")
        self._servers = [self.server]
        super().__init__(profiles, self.server.url)
        self.gateways: list[Gateway] = []
        self._drain = str(drain_seconds)
        # What the providers call whom: the client id of each tenant with a provider.
        self.known_as: dict[str, set[str]] = {}

    def __enter__(self) -> "Bench":
        try:
            self.server.make().start()
            self.callers = Callers()
            super().__enter__()
        except BaseException:
            self._put_away()
            raise
        return self

    def _prepare(self) -> None:
        super()._prepare()
        self.environment |= {"BURSAR_DRAIN_SECONDS": self._drain, SECRET_NAME: SECRET}

    def __exit__(self, *problem: object) -> None:
        try:
            for server in self._servers:
                server.thaw()
            self.callers.close()
            super().__exit__(*problem)
        finally:
            self._put_away()

    def _put_away(self) -> None:
        for server in self._servers:
            server.stop()
        self._home.cleanup()

    def _drop_database(self) -> None:
        """It goes with its server, which may be down."""

    def add_server(self, name: str) -> Server:
        server = Server(self.home, name)
        self._servers.append(server)
        return server

    def use(self, server: Server) -> None:
        """What is checked from now on is checked there."""
        self.database_url = f"postgresql://postgres@127.0.0.1:{server.port}/{self.database}"

    # Gateways

    def start_gateways(self, count: int = 3, **environment: str) -> list[Gateway]:
        names = [f"gateway-{len(self.gateways) + number}" for number in range(1, count + 1)]
        fresh = [self.gateway(name, environment) for name in names]
        self.gateways += fresh
        return fresh

    # Tenants

    def slots(
        self,
        count: int,
        provider: str = "zertiban",
        life: int | None = None,
        rate: str = "1000000/s",
        burst: int = 1_000_000,
    ) -> list[Call]:
        """Tenants with a connection each, imported, and one client that acts for all of them."""
        if life:
            self.simulator.control("PUT", "lifetimes", {"provider": provider, "access_seconds": life})
        tenants = [str(uuid.uuid4()) for _ in range(count)]
        for tenant in tenants:
            self.simulator.know(provider, self._name(tenant, provider), SECRET)
        connection = {"provider": provider, "environment": "sandbox", "secret_ref": f"env:{SECRET_NAME}"}
        entries = [
            {"business_uuid": tenant, "name": "Merchant", "rate": rate, "burst": burst}
            | {"connections": [connection | {"client_id": self._name(tenant, provider)}]}
            for tenant in tenants
        ]
        for begin in range(0, count, IMPORTED_AT_ONCE):
            part = {"tenants": entries[begin : begin + IMPORTED_AT_ONCE]}
            self.bursar("tenant", "import", str(self.write("import.yaml", yaml.safe_dump(part))))
        client = self.issue(tenants, provider)
        return [token_call(tenant, client) for tenant in tenants]

    def _name(self, tenant: str, provider: str) -> str:
        name = f"{provider}-{tenant[:13]}"
        self.known_as.setdefault(tenant, set()).add(name)
        return name

    def issue(self, tenants: list[str], provider: str) -> Client:
        place = [word for tenant in tenants for word in ("--tenant", tenant)]
        issued = self.bursar(
            *("client", "issue", *place, "--provider", provider, "--environment", "sandbox")
        )
        return Client(issued["client_id"], issued["client_secret"])

    def enrolled(self, providers: list[str], rate: str = "1000000/s", burst: int = 1_000_000):
        """A tenant with sealed secrets and a client for each provider; see `Stand.tenant`."""
        tenant = self.tenant(providers, rate, burst)
        self.known_as[tenant.uuid] = {client_id for client_id, _ in tenant.credentials.values()}
        return tenant

    def calls(self, tenant) -> list[Call]:
        return [token_call(tenant.uuid, client) for client in tenant.clients.values()]

    def scoped(self, tenant) -> Call:
        return scoped_call(tenant.uuid, tenant.clients["alternative"])

    def warm(self, gateways: list[Gateway], calls: list[Call]) -> None:
        """Every gateway holds every token."""
        for gateway in gateways:
            for start in range(0, len(calls), 50):
                answers = self.callers.burst([(gateway, call) for call in calls[start : start + 50]])
                if wrong := failed(answers):
                    raise Failed(f"not warm: {wrong[0].status} {wrong[0].body}")

    # Looking

    def asked(self, *client_ids: str) -> int:
        """Requests for tokens that have arrived at the simulator, of all clients or of these."""
        counts = [self.simulator.counts(client_id) for client_id in client_ids or [None]]
        return sum(
            endpoint.get("requests", 0)
            for count in counts
            for provider in count.values()
            for name, endpoint in provider.items()
            if name in ("token", "refresh", "scoped")
        )

    def record(self, token: str) -> dict:
        """What the provider knows of a token."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        return self.simulator.control("GET", f"tokens/{digest}")

    @contextmanager
    def frozen(self, *gateways: Gateway) -> Iterator[None]:
        """Their processes stand still."""
        processes = [gateway.program.process for gateway in gateways]
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                process.send_signal(signal.SIGCONT)

    def check(self, row, lost_at_most: int = 0, exchanges: bool = True) -> None:
        """The log of all callers against the ledger and the simulator's own records."""
        Checker(self).check(row, lost_at_most, exchanges)
        if not row.ok:
            self.show_logs()
