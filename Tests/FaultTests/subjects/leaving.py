"""SIGTERM under load, and a rolling restart, behind a load balancer that looks at /readyz every 200 ms."""

import time

from balancer import Balancer
from bench import Bench
from callers import failed, statuses
from table import Table, scale


def run(table: Table) -> None:
    with Bench(drain_seconds=2) as bench:
        gateways = bench.start_gateways(3)
        calls = bench.slots(20, life=20)
        bench.warm(gateways, calls)
        with table.row("SIGTERM under load", "0 failed requests; exit ≤ 10 s") as row:
            _restart(bench, calls, gateways[:1], row)
        rounds = scale(1, 5)
        fault = f"rolling restart of 3 under load, ×{rounds}"
        with table.row(fault, "0 failed requests; exit ≤ 10 s") as row:
            _restart(bench, calls, gateways * rounds, row)
            bench.check(row)


def _restart(bench: Bench, calls, leaving, row) -> None:
    longest = 0.0
    with Balancer(bench.gateways) as balancer:
        with bench.callers.load(bench.gateways, calls, 12, choose=balancer.choose) as log:
            for gateway in leaving:
                time.sleep(0.5)  # load on all of them
                begin = time.monotonic()
                gateway.stop()
                longest = max(longest, time.monotonic() - begin)
                gateway.start()
                balancer.await_ready(gateway)
    wrong = failed(log)
    if wrong:
        row.found(f"first: {wrong[0].gateway} {wrong[0].status} {wrong[0].body}", False)
    row.found(f"{len(wrong)} failed of {len(log)} ({statuses(log)})", not wrong and len(log) > 100)
    row.found(f"exit within {longest:.1f} s", longest <= 10)
