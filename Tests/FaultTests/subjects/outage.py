"""PostgreSQL is killed for twice as long as tokens live, and comes back."""

import time

from bench import Bench
from callers import failed, statuses
from programs import until
from table import Table, scale

# 300 s tokens and 10 minutes, scaled down: the outage is two lives long either way.
LIFE = scale(9, 300)
OUTAGE = 2 * LIFE


def run(table: Table) -> None:
    fault = f"PostgreSQL killed for {OUTAGE} s of {LIFE} s tokens (600 s of 300 s, scaled)"
    with Bench() as bench, table.row(fault, "0 failed answers for warm slots; renewals go on") as row:
        gateways = bench.start_gateways(3)
        calls = bench.slots(20, life=LIFE)
        bench.warm(gateways, calls)
        bench.server.kill()
        before = bench.asked()
        with bench.callers.load(gateways, calls, workers=9, pause=0.02) as log:
            end, unready = time.monotonic() + OUTAGE, 0
            while time.monotonic() < end:
                unready += sum(not gateway.get(gateway.admin + "/readyz").ok for gateway in gateways)
                time.sleep(0.5)
            renewals = bench.asked() - before
            bench.server.start()
            begin = time.monotonic()
            until("the counts are delivered", lambda: _pending(bench) == 0, 60)
            drained = time.monotonic() - begin
        wrong = failed(log)
        # Each slot is renewed at half of its life at the latest, by each replica for itself.
        row.found(f"{len(wrong)} failed of {len(log)} ({statuses(log)})", not wrong)
        figure = f"{renewals} renewals, {unready} times not ready"
        row.found(figure, renewals >= 2 * len(calls) and not unready)
        row.found(f"drained {drained:.1f} s after its return", True)
        bench.check(row)


def _pending(bench: Bench) -> float:
    """Frames that wait: a few are always on their way under load."""
    pending = [gateway.metric("bursar_journal_frames_pending") or 0 for gateway in bench.gateways]
    return sum(frames for frames in pending if frames > 2)
