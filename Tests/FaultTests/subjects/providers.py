"""The provider fault matrix against a running gateway: each fault's answer, cache and counted reason."""

import datetime
import json
import math
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from certificates import Authority
from provider_matrix import MARKER, Fault, faults, server_context
from servers import Client, Gateway
from stand import Stand
from table import Table
from wire_server import Port, WireServer

# A provider's patience in this matrix, seconds.
TIMEOUT = 3
# What the gateway's memory may grow by while providers send gigabytes.
GROWTH_MIB = 64
# The soonest that a slot asks again by itself after a failure, seconds.
BACKOFF = 0.5


def run(table: Table) -> None:
    with Stand() as stand, WireServer() as wire:
        Matrix(stand, wire).run(table)


class Matrix:
    """Providers that fail, each connected to the one tenant."""

    def __init__(self, stand: Stand, wire: WireServer):
        self._stand = stand
        self._ports: dict[str, Port] = {}
        self._faults = {f"m-{number:02}": fault for number, fault in enumerate(faults(), 1)}
        self._contexts = _contexts(stand)
        self._tenant = str(uuid.uuid4())
        for provider, fault in self._faults.items():
            self._ports[provider] = self._open(wire, provider, fault)
        self._enrol()

    def _open(self, wire: WireServer, provider: str, fault: Fault) -> Port:
        host = "127.0.0.2" if fault.way == "wrong-host" else "127.0.0.1"
        port = Port(fault.play, self._contexts.get(fault.way), host, reads=fault.way != "plain-on-tls")
        if fault.way in ("closed", "unresolved"):
            port.number = 1
        else:
            wire.open(port)
        scheme = "https" if port.tls or fault.way == "plain-on-tls" else "http"
        name = {"unresolved": "nowhere.localhost.invalid"}.get(fault.way, host)
        scheme = "https" if fault.way == "unresolved" else scheme
        profile = {
            "id": provider,
            "environments": {"sandbox": {"base_url": f"{scheme}://{name}:{port.number}"}},
            "token": {"path": "/token", "authentication": "body", "body": "form"},
            "limits": {"timeout": f"{TIMEOUT}s"},
        }
        self._stand.write(f"providers/{provider}.yaml", json.dumps(profile | fault.profile))
        return port

    def _enrol(self) -> None:
        stand, tenant = self._stand, self._tenant
        stand.bursar("tenant", "add", tenant, "--name", "Merchant")

        def connect(provider: str) -> None:
            place = ["--provider", provider, "--environment", "sandbox", "--tenant", tenant]
            arguments = [*place, "--client-id", provider, "--secret-stdin"]
            stand.bursar("credential", "set", *arguments, stdin="secret")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(connect, self._faults))
        issued = stand.bursar("client", "issue", "--tenant", tenant)
        self._client = Client(issued["client_id"], issued["client_secret"])

    def run(self, table: Table) -> None:
        settings = {"BURSAR_PROVIDER_CA_FILE": str(self._stand.authority.file)}
        gateway = self._stand.gateway("matrix", settings)
        memory = _resident_mib(gateway)
        self._echoes = 0
        with ThreadPoolExecutor(16) as pool:
            results = pool.map(lambda provider: self._try(gateway, provider), self._faults)
            for fault, (measured, ok) in zip(self._faults.values(), results, strict=True):
                cached = "kept" if fault.status == 200 else "failure kept"
                demanded = f"{fault.status} {fault.error or 'token'}, {cached}, {fault.reason}"
                with table.row(f"provider: {fault.name}", demanded) as row:
                    row.found(measured, ok)
        with table.row("provider matrix: memory of the gateway", f"+{GROWTH_MIB} MiB at most") as row:
            grown = _resident_mib(gateway) - memory
            row.found(f"+{grown:.0f} MiB", grown <= GROWTH_MIB)
        with table.row("provider matrix: a provider's text in answers or log", "0") as row:
            echoes = self._echoes + gateway.log.read_text(errors="replace").count(MARKER)
            row.found(str(echoes), echoes == 0)

    def _try(self, gateway: Gateway, provider: str) -> tuple[str, bool]:
        """What came of a provider's fault, and whether it is what should have."""
        fault, port = self._faults[provider], self._ports[provider]
        problems: list[str] = []
        soonest_end = time.monotonic() + (TIMEOUT if fault.reason == "timed_out" else 0)
        # A token lives on, and a rejected credential is left alone for minutes.
        pause = max(BACKOFF, fault.retry[0] - 1) if fault.status == 503 else math.inf

        def most() -> int:
            """How often the provider may have been asked by now: once for us, and again by the slot itself."""
            return 1 + int(max(0, time.monotonic() - soonest_end) / pause)

        first = self._ask(gateway, provider, fault, problems)
        asked = port.requests
        if fault.asked and not 1 <= asked <= most():
            problems.append(f"{asked} requests")
        # At once again: a token comes from memory, a failure is remembered.
        self._ask(gateway, provider, fault, problems, first)
        if port.requests > most():
            problems.append("asked again at once")
        counted = _counted(gateway, provider)
        reason = next(iter(counted), "none")
        # Every request is counted, and once.
        requests = port.requests if fault.asked else most()
        if len(counted) != 1 or reason != fault.reason or not 1 <= counted[reason] <= min(requests, most()):
            problems.append(f"counted {counted} of {port.requests}")
        return ", ".join(problems) or f"{fault.status}, kept, {reason}", not problems

    def _ask(
        self, gateway: Gateway, provider: str, fault: Fault, problems: list[str], former: dict | None = None
    ) -> dict:
        answer = gateway.token(self._client, provider=provider, environment="sandbox")
        self._echoes += MARKER in answer.text or any(MARKER in value for value in answer.headers.values())
        body = answer.json()
        if answer.status_code != fault.status or body.get("error") != fault.error:
            problems.append(f"{answer.status_code} {body.get('error')}")
        elif fault.status == 200:
            least, most = fault.expires or (1, 1)
            if not least <= body["expires_in"] <= most:
                problems.append(f"expires_in {body['expires_in']}")
            if former and body["access_token"] != former.get("access_token"):
                problems.append("another token")
        else:
            if body.get("fault") != fault.fault:
                problems.append(f"fault {body.get('fault')}")
            after = int(answer.headers.get("Retry-After", "0"))
            least, most = fault.retry
            if not max(0, least - 1 if former else least) <= after <= most:
                problems.append(f"Retry-After {after}")
        return body


def _resident_mib(gateway: Gateway) -> float:
    return (gateway.metric("bursar_process_resident_memory_bytes") or 0) / 1_048_576


def _counted(gateway: Gateway, provider: str) -> dict[str, float]:
    """How often each outcome was counted for requests to this provider."""
    counted: dict[str, float] = {}
    for line in gateway.metrics().splitlines():
        if line.startswith("bursar_refreshes_total{") and f'provider="{provider}"' in line:
            outcome = line.split('outcome="', 1)[1].split('"', 1)[0]
            value = float(line.rsplit(" ", 1)[1])
            if value:
                counted[outcome] = counted.get(outcome, 0) + value
    return counted


def _contexts(stand: Stand) -> dict:
    """Certificates: one that is good, and one for each way to be bad."""
    folder = stand.folder / "matrix"
    folder.mkdir()
    (folder / "other").mkdir()
    stranger = Authority(folder / "other")
    hour = datetime.timedelta(hours=1)
    made = {}
    for way, (authority, life) in {
        "tls": (stand.authority, hour),
        "wrong-host": (stand.authority, hour),
        "expired": (stand.authority, -hour),
        "unknown-authority": (stranger, hour),
    }.items():
        certificate, key = folder / f"{way}.pem", folder / f"{way}.key"
        authority.issue(certificate, key, life)
        made[way] = server_context(str(certificate), str(key))
    return made
