"""Everything at once, by seeded dice: afterwards every answer is counted, and the audit trail is whole."""

import time
from datetime import UTC, datetime

from bench import Bench
from callers import statuses
from table import Table, scale, seeded

SECONDS = scale(15, 600)


def run(table: Table) -> None:
    dice = seeded("storm")
    with Bench() as bench:
        storm = Storm(bench, dice)
        demanded = "0 expired or foreign tokens; ledger = log, at most one more for each in flight at a kill"
        with table.row(f"storm of faults for {SECONDS} s", demanded) as row:
            with bench.callers.load(bench.gateways, storm.calls, storm.WORKERS, 0.02, patience=15) as log:
                storm.rage(SECONDS)
            row.found(f"{', '.join(f'{n} × {what}' for what, n in sorted(storm.done.items()))}", True)
            row.found(statuses(log), any(answer.status == 200 for answer in log))
            bench.check(row, storm.kills * storm.WORKERS, exchanges=False)
        with table.row("books after the storm", "report verify adds up") as row:
            ended = bench.run("report", "verify", "--period", f"{datetime.now(UTC):%Y-%m}")
            row.found(f"exit {ended.status}", ended.status == 0)
        with table.row("audit trail after the storm", "audit verify finds nothing") as row:
            ended = bench.run("audit", "verify")
            said = " ".join((ended.output + ended.errors).split())[:200]
            row.found(f"exit {ended.status}: {said}", ended.status == 0)


class Storm:
    WORKERS = 9

    def __init__(self, bench: Bench, dice):
        self._bench = bench
        self._dice = dice
        self._cutters = [bench.cutter() for _ in range(3)]
        bench.gateways = [
            bench.gateway(f"gateway-{number}", through=cutter)
            for number, cutter in enumerate(self._cutters, 1)
        ]
        bench.simulator.control("PUT", "lifetimes", {"provider": "zertiban", "access_seconds": 6})
        self._tenants = [bench.enrolled(["zertiban", "alternative"]) for _ in range(3)]
        self.calls = [call for tenant in self._tenants for call in bench.calls(tenant)]
        self.calls += [bench.scoped(tenant) for tenant in self._tenants]
        self.kills = 0
        self.done: dict[str, int] = {}

    def rage(self, seconds: float) -> None:
        """One thing after the other; each has mended itself before the next."""
        things = [self.cut, self.freeze_network, self.freeze_gateway, self.kill, self.provider, self.change]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # Each of them once, before any comes again.
            for thing in self._dice.sample(things, len(things)):
                name = thing.__name__.replace("_", " ")
                self.done[name] = self.done.get(name, 0) + 1
                thing()

    def cut(self) -> None:
        """Commits lose their answers, too."""
        cutter = self._dice.choice(self._cutters)
        for _ in range(self._dice.randint(1, 5)):
            cutter.cut()
            time.sleep(self._dice.uniform(0, 0.3))
            cutter.mend()
            time.sleep(self._dice.uniform(0, 0.3))

    def freeze_network(self) -> None:
        cutter = self._dice.choice(self._cutters)
        cutter.freeze()
        time.sleep(self._dice.uniform(0.5, 2))
        cutter.mend()

    def freeze_gateway(self) -> None:
        gateway = self._dice.choice(self._bench.gateways)
        with self._bench.frozen(gateway):
            time.sleep(self._dice.uniform(0.5, 2))

    def kill(self) -> None:
        gateway = self._dice.choice(self._bench.gateways)
        gateway.kill()
        self.kills += 1
        gateway.start()

    def provider(self) -> None:
        kind = self._dice.choice(["status", "close", "hang", "truncated", "html"])
        members = {"status": self._dice.choice([429, 500, 503])} if kind == "status" else {}
        name = self._dice.choice(["zertiban", "alternative"])
        self._bench.simulator.fault(name, kind, **members)
        time.sleep(self._dice.uniform(0.5, 2))
        self._bench.simulator.clear_faults()

    def change(self) -> None:
        tenant = self._dice.choice(self._tenants)
        bench = self._bench
        bench.bursar("tenant", "rename", tenant.uuid, "--name", f"Merchant {self._dice.random()}")
        issued = bench.bursar("client", "issue", "--tenant", tenant.uuid)
        bench.bursar("client", "revoke", issued["client_id"])
