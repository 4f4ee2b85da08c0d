"""A merchant's secret is replaced under load; then the new one goes bad, and then the provider does."""

import time

from bench import Bench
from callers import failed, statuses
from programs import until
from table import Table, scale

LIFE = 6


def run(table: Table) -> None:
    with Bench() as bench:
        bench.start_gateways(3)
        bench.simulator.control("PUT", "lifetimes", {"provider": "zertiban", "access_seconds": LIFE})
        demanded = "0 failed; old kept; new one bad: old used; refused set: exit 4, old stays"
        with table.row("credential rotated under load", demanded) as row:
            _rotate(bench, row)
            bench.check(row, exchanges=False)
        with table.row("credential rotated, then 5xx", "old one not asked") as row:
            _server_errors(bench, row)
            bench.check(row, exchanges=False)


class Rotating:
    """A tenant whose credential has an old and a new id with the provider."""

    def __init__(self, bench: Bench):
        self._bench = bench
        self.tenant = bench.enrolled(["zertiban"])
        self.calls = bench.calls(self.tenant)
        ((self.old, _),) = self.tenant.credentials.values()
        self.new = f"new-{self.old}"
        bench.known_as[self.tenant.uuid].add(self.new)
        bench.warm(bench.gateways, self.calls)

    def set_new(self, secret: str) -> int:
        """The exit code of `credential set` with this secret."""
        place = ["--provider", "zertiban", "--environment", "sandbox", "--tenant", self.tenant.uuid]
        command = ["credential", "set", *place, "--client-id", self.new, "--secret-stdin"]
        return self._bench.run(*command, stdin=secret).status

    def await_new(self) -> None:
        """Every gateway has renewed with the new one."""
        for gateway in self._bench.gateways:
            until(f"{gateway.name} uses the new credential", lambda: self._is_new(gateway), 15)

    def _is_new(self, gateway) -> bool:
        answer = self._bench.callers.ask(gateway, self.calls[0])
        return answer.status == 200 and self._bench.record(answer.token)["client_id"] == self.new


def _rotate(bench: Bench, row) -> None:
    rotating = Rotating(bench)
    with bench.callers.load(bench.gateways, rotating.calls, 6, 0.02) as log:
        refused = rotating.set_new("not known to the provider")
        bench.simulator.know("zertiban", rotating.new, "new secret")
        accepted = rotating.set_new("new secret")
        rotating.await_new()
        states = sorted(each["state"] for each in _credentials(bench, rotating))
        before = bench.asked(rotating.old)
        bench.simulator.know("zertiban", rotating.new, "another secret")
        time.sleep(scale(2, 10) * LIFE)
        fell_back = bench.asked(rotating.old) - before
    row.found(f"exits {refused} and {accepted}, then {', '.join(states)}", (refused, accepted) == (4, 0))
    row.found(f"{len(failed(log))} failed ({statuses(log)})", not failed(log))
    row.found(f"old one asked {fell_back} times once the new one was bad", fell_back > 0)


def _server_errors(bench: Bench, row) -> None:
    rotating = Rotating(bench)
    bench.simulator.know("zertiban", rotating.new, "new secret")
    accepted = rotating.set_new("new secret")
    rotating.await_new()
    before = bench.asked(rotating.old), bench.asked(rotating.new)
    bench.simulator.fault("zertiban", "status", status=503, client_id=rotating.new)
    with bench.callers.load(bench.gateways, rotating.calls, 6, 0.05) as log:
        time.sleep(1.5 * LIFE)
    bench.simulator.clear_faults()
    old, new = bench.asked(rotating.old) - before[0], bench.asked(rotating.new) - before[1]
    figure = f"exit {accepted}; new one asked {new} times, old one {old}"
    row.found(figure, accepted == 0 and new > 0 and not old)
    row.found(statuses(log), all(answer.status in (200, 503) for answer in log))


def _credentials(bench: Bench, rotating: Rotating) -> list[dict]:
    return bench.bursar("credential", "list", "--tenant", rotating.tenant.uuid)
