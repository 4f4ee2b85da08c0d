"""The standby is promoted while the old primary is still up and writable."""

import time

from bench import Bench
from callers import failed, statuses
from cutter import Cutter
from programs import Failed, until
from table import Table

DEMANDED = "first durable write ≤ 5 s; old primary not written to once it is seen; sums equal after replay"


def run(table: Table) -> None:
    for lag in (0.0, 3.0):
        name = f"failover with promote, {f'replication {lag:.0f} s behind' if lag else 'no lag forced'}"
        with Bench() as bench, table.row(name, DEMANDED) as row:
            link = Cutter("127.0.0.1", bench.server.port)
            try:
                _fail_over(bench, link, lag, row)
            finally:
                link.close()


def _fail_over(bench: Bench, link: Cutter, lag: float, row) -> None:
    old, new = bench.server, bench.add_server("standby")
    new.follow(old, link.port)
    hosts = f"127.0.0.1:{old.port},127.0.0.1:{new.port}"
    bench.environment["BURSAR_DATABASE_URL"] = (
        f"postgresql://postgres@{hosts}/{bench.database}?target_session_attrs=read-write"
    )
    gateways = bench.start_gateways(3)
    calls = bench.slots(30, life=10)
    bench.warm(gateways, calls)
    with bench.callers.load(gateways, calls, workers=9, pause=0.02) as log:
        time.sleep(2)
        if lag:
            link.freeze()
            time.sleep(lag)
        new.promote()
        begin, before = time.monotonic(), _delivered(new, bench)
        first = None
        try:
            until("the new primary is written to", lambda: _delivered(new, bench) > before, 10)
            first = time.monotonic() - begin
        except Failed:
            pass  # the figure says so
        # Each replica looks for itself, once a second: until then it knows no other primary.
        until("all have met the old primary", lambda: all(_outdated(gateway) for gateway in gateways), 10)
        met = time.monotonic() - begin
        stray = _delivered(old, bench)
        _restart(bench, gateways[0])
        time.sleep(3)
        stray = _delivered(old, bench) - stray
    figure = "no write within 10 s" if first is None else f"first write after {first:.1f} s"
    row.found(figure, first is not None and first <= 5)
    row.found(f"all have seen it after {met:.1f} s", met <= 5)
    row.found(f"{stray} answers stored on the old primary from then on", stray == 0)
    others = [answer for answer in log if answer.gateway != gateways[0].name]
    row.found(f"{statuses(others)} by those that were not restarted", not failed(others))
    bench.use(new)
    bench.check(row)


def _restart(bench: Bench, gateway) -> None:
    """One that starts anew remembers the timeline, too."""
    gateway.stop()
    gateway.start()


def _outdated(gateway) -> float | None:
    """How often it has met an old primary that still runs."""
    return gateway.metric('bursar_database_probes_total{result="outdated"}')


def _delivered(server, bench: Bench) -> int:
    """Answers that are stored there."""
    names = "answered_memory + answered_store + answered_provider + answered_scoped"
    query = f"SELECT coalesce(sum({names}), 0)::bigint FROM bursar.usage_minute"
    return server.sql(query, bench.database)[0][0]
