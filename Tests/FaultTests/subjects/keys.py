"""Every data key is wrapped anew under load, the old key-encryption key leaves, and all gateways restart."""

import base64
import os
import time

from balancer import Balancer
from bench import Bench
from callers import failed, statuses
from programs import until
from table import Table, scale

COUNT = scale(300, 10_000)
OLD, NEW = "test-1", "test-2"


def run(table: Table) -> None:
    fault = f"{COUNT} data keys rewrapped under load, old KEK removed, restart"
    with Bench(drain_seconds=2) as bench, table.row(fault, "0 errors") as row:
        gateways = bench.start_gateways(3)
        bench.simulator.control("PUT", "lifetimes", {"provider": "zertiban", "access_seconds": 10})
        sealed = [bench.enrolled(["zertiban"]) for _ in range(3)]
        calls = [call for tenant in sealed for call in bench.calls(tenant)] + bench.slots(COUNT)
        # Renewals of these go on all the while, with whatever wrapping is known.
        asked = calls[:60]
        bench.warm(gateways, asked)
        with Balancer(gateways) as balancer:
            with bench.callers.load(gateways, asked, 9, 0.02, choose=balancer.choose) as log:
                seconds = _rewrap(bench, row)
                for gateway in gateways:
                    gateway.stop()
                    gateway.start()
                    balancer.await_ready(gateway)
                time.sleep(6)  # each token is renewed at half of its life
        row.found(f"{len(failed(log))} failed ({statuses(log)})", not failed(log) and len(log) > 200)
        cold = bench.callers.burst([(gateways[0], call) for call in calls[60:260]])
        row.found(f"then cold ones: {statuses(cold)}", not failed(cold))
        row.found(f"rewrapped in {seconds:.1f} s", True)
        bench.check(row)


def _rewrap(bench: Bench, row) -> float:
    """As docs/RUNBOOK.md says; gives how long the rewrapping took."""
    fresh = f"{NEW}:{base64.b64encode(os.urandom(32)).decode()}\n"
    bench.write("keyring", bench.keyring.read_text() + fresh)
    time.sleep(3)  # a gateway looks at its keyring every 2 s
    bench.bursar("keys", "rotate", NEW)
    begin = time.monotonic()
    bench.bursar("keys", "rewrap")
    seconds = time.monotonic() - begin
    until("the old key may go", lambda: bench.run("keys", "retire", OLD).status == 0, 20)
    bench.write("keyring", fresh)
    keys = bench.bursar("keys", "status")
    left = [key for key in keys if key["id"] == OLD and key["data_keys"] + key["peppers"]]
    rows = sum(key["data_keys"] for key in keys if key["id"] == NEW)
    figure = f"{rows} data keys under the new key, {'SOME' if left else 'none'} under the old"
    row.found(figure, not left and rows >= COUNT)
    return seconds
