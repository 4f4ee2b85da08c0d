"""What those feel who are not concerned: hits while PostgreSQL is frozen, hits while a provider hangs.

Times are the gateways' own, from admission to answer: a client on the same two cores would measure the
scheduler. Baseline and fault take turns, and the median of the pairs counts, of as many as it takes to be
sure of it.
"""

import math
import re
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from bench import Bench
from callers import Call, failed, statuses
from latency import Latency
from programs import Failed, until
from table import Table, scale

PAIRS = scale(25, 45)
# How often so one-sided a coin would come from an even one.
CHANCE = 0.05
WINDOW = 1.5
# Below it a figure is the clock's and the scheduler's.
FLOOR_MS = 1.0


def run(table: Table) -> None:
    with Bench({"zatlas": {"limits": {"timeout": "2s"}}}) as bench:
        bench.start_gateways(3)
        hits = bench.slots(10)
        bench.warm(bench.gateways, hits)
        with table.row("one provider hung", "others' p99 ≤ 1.2 × (floor 1 ms)") as row:
            _hung(bench, hits, row)
        demanded = "hits' p99 ≤ 2 × (floor 1 ms); normal ≤ 5 s after; connections, descriptors unchanged"
        with table.row("PostgreSQL frozen", demanded) as row:
            _frozen(bench, hits, row)
            bench.check(row)


def _hung(bench: Bench, hits, row) -> None:
    """Forty callers wait for the provider that hangs in each window."""
    waiting = _cold(bench, 200, "zatlas")
    cold = _cold(bench, 15, "phoenix")
    misses = []

    def begin() -> Callable[[], None]:
        requests = [(bench.gateways[each % 3], next(waiting)) for each in range(40)]
        others = [(gateway, next(cold)) for gateway in bench.gateways]
        bench.simulator.fault("zatlas", "hang")
        pool = ThreadPoolExecutor(1)
        hung = pool.submit(bench.callers.burst, requests)
        misses.extend(bench.callers.burst(others))

        def end() -> None:
            hung.result()
            pool.shutdown()
            bench.simulator.clear_faults()

        return end

    _pairs(bench, hits, begin, 1.2, row)
    slowest = max(answer.took for answer in misses)
    row.found(f"misses elsewhere {statuses(misses)}, ≤ {slowest:.2f} s", not failed(misses) and slowest < 2)


def _frozen(bench: Bench, hits, row) -> None:
    cold = _cold(bench, 15, "phoenix")

    def begin() -> Callable[[], None]:
        """Callers without a token are there as well, and want PostgreSQL."""
        requests = [(gateway, next(cold)) for gateway in bench.gateways]
        bench.server.freeze()
        pool = ThreadPoolExecutor(1)
        missed = pool.submit(bench.callers.burst, requests)

        def end() -> None:
            bench.server.thaw()
            missed.result()
            pool.shutdown()
            _await_normal(bench)

        return end

    _pairs(bench, hits, begin, 2, row)
    requests = [(gateway, next(cold)) for _ in range(4) for gateway in bench.gateways]
    few = len(bench.gateways)
    before = _holdings(bench)
    bench.server.freeze()
    with bench.callers.load(bench.gateways, hits) as log:
        missed = bench.callers.burst(requests[few:])
        time.sleep(max(0, 12 - max(answer.took for answer in missed)))  # beyond every deadline of ours
    during = _holdings(bench)
    bench.server.thaw()
    begin_at = time.monotonic()
    _await_normal(bench)
    answers = bench.callers.burst(requests[:few])
    took = time.monotonic() - begin_at
    after = until("connections are as before", lambda: _unchanged(before, _holdings(bench)), 5)
    row.found(f"frozen for 12 s: hits {statuses(log)}, misses {statuses(missed)}", not failed(log))
    row.found(f"normal {took:.1f} s after it", took <= 5 and not failed(answers))
    figure = f"connections, descriptors {before}, frozen {during}, after {after}"
    row.found(figure, during[1] <= before[1] + 24)


def _cold(bench: Bench, at_once: int, provider: str) -> Iterator[Call]:
    """Slots that nobody has asked for yet, without an end."""
    while True:
        calls = bench.slots(at_once, provider)
        _await_normal(bench)
        yield from calls


def _await_normal(bench: Bench) -> None:
    """A change of the configuration arrives, and the counts are stored."""
    tenant = next(iter(bench.known_as))
    bench.bursar("tenant", "rename", tenant, "--name", f"Merchant {time.monotonic_ns()}")
    version = bench.sql("SELECT version FROM bursar.config_version")[0][0]

    def is_normal(gateway) -> bool:
        applied = gateway.metric("bursar_config_applied_version") or 0
        return applied >= version and (gateway.metric("bursar_journal_frames_pending") or 0) <= 2

    until("all is normal", lambda: all(is_normal(gateway) for gateway in bench.gateways), 30)


def _holdings(bench: Bench) -> tuple[int, int]:
    """Connections to PostgreSQL and open descriptors, of all gateways."""
    texts = [gateway.metrics() for gateway in bench.gateways]
    values = [re.findall(rf"^{name}(?:\{{.*\}})? (\d+)", "\n".join(texts), re.M) for name in NAMES]
    return tuple(sum(map(int, each)) for each in values)


NAMES = ("bursar_database_connections", "bursar_process_open_fds")


def _unchanged(before: tuple[int, int], now: tuple[int, int]) -> tuple[int, int] | None:
    """Pools close what is idle and open what is wanted; nothing may have leaked beside them."""
    return now if now[0] <= max(before[0], 24) and now[1] - now[0] <= before[1] - before[0] else None


def _pairs(bench: Bench, hits, begin: Callable[[], Callable[[], None]], most: float, row) -> None:
    """On a machine with other guests single pairs say little, so one row of luck decides nothing."""
    figures: list[tuple[float, float, float]] = []
    while len(figures) < PAIRS and not _is_settled([ratio <= most for *_, ratio in figures]):
        normal = _p99(bench, hits)
        end = begin()
        try:
            broken = _p99(bench, hits)
        finally:
            end()
        figures.append((normal, broken, max(broken, FLOOR_MS) / max(normal, FLOOR_MS)))
    normal, broken, ratio = (statistics.median(column) for column in zip(*figures))
    row.found(f"p99 {normal:.2f} → {broken:.2f} ms, {ratio:.2f} × ({len(figures)} pairs)", ratio <= most)


def _is_settled(kept: list[bool]) -> bool:
    """Whether the median is surely on one side of the bound, by the sign test, either way."""
    few = min(sum(kept), len(kept) - sum(kept))
    return sum(math.comb(len(kept), each) for each in range(few + 1)) / 2 ** len(kept) <= CHANCE


def _p99(bench: Bench, hits) -> float:
    """Milliseconds, of the hits of one window, on the gateway where it is the longest."""
    latencies = [Latency(gateway) for gateway in bench.gateways]
    with bench.callers.load(bench.gateways, hits, workers=6, pause=0.005) as log:
        time.sleep(WINDOW)
    if wrong := failed(log):
        raise Failed(f"hits: {statuses(log)}, such as {wrong[0].body}")
    return 1000 * max(latency.percentile(0.99) for latency in latencies)
