"""All tokens end together: the gateways were stopped for as long as these live."""

import time

from bench import Bench
from callers import statuses
from table import Table, scale

COUNT = scale(500, 5000)
CAP, LIFE, DELAY_MS = 16, 8, 200
# A flight has the timeout and 5 s (docs/API.md section 8).
TIMEOUT, DEADLINE = 4, 9
PROFILES = {"zertiban": {"limits": {"timeout": f"{TIMEOUT}s", "concurrency": CAP}}}


def run(table: Table) -> None:
    demanded = f"≤ {CAP} calls at once for each replica; no request waits past its deadline of {DEADLINE} s"
    with Bench(PROFILES) as bench, table.row(f"{COUNT} slots expire together", demanded) as row:
        gateways = bench.start_gateways(3)
        calls = bench.slots(COUNT)
        bench.simulator.control("PUT", "lifetimes", {"provider": "zertiban", "access_seconds": LIFE})
        warmed = [(gateways[number % 3], call) for number, call in enumerate(calls)]
        for start in range(0, COUNT, 300):
            bench.callers.burst(warmed[start : start + 300])
        with bench.frozen(*gateways):
            time.sleep(LIFE + 1)
        bench.simulator.fault("zertiban", "delay", endpoint="token", ms=DELAY_MS)
        since = max(call["n"] for call in bench.simulator.control("GET", "log"))
        begin = time.monotonic()
        answers = bench.callers.burst([(gateways[number % 3], call) for number, call in enumerate(calls)])
        # So many the provider can take in this time.
        possible = 3 * CAP * (time.monotonic() - begin) * 1000 / DELAY_MS
        # Before and after the delay a call takes no time, and many can follow each other.
        log = bench.simulator.control("GET", f"log?since={since}")
        bench.simulator.clear_faults()
        most = _at_once(sorted(call["at_us"] for call in log if call["endpoint"] == "token"))
        slowest = max(answer.took for answer in answers)
        statement = f"{len(log)} calls, ≤ {most} at once of {3 * CAP}"
        row.found(statement, len(log) >= min(COUNT, possible) / 2 and most <= 3 * CAP)
        # What is left is the way of so many answers through a client of Python.
        is_good = slowest <= DEADLINE + 1 and all(answer.status in (200, 503) for answer in answers)
        row.found(f"{statuses(answers)}, the slowest after {slowest:.1f} s", is_good)
        bench.check(row)


def _at_once(arrivals: list[int]) -> int:
    """Each call is under way for the delay at least."""
    most, first = 0, 0
    for number, at in enumerate(arrivals):
        while arrivals[first] < at - DELAY_MS * 1000:
            first += 1
        most = max(most, number - first + 1)
    return most
