"""One exchange, however many ask: on three gateways, without PostgreSQL, and when the holder freezes."""

import time
from concurrent.futures import ThreadPoolExecutor

from bench import Bench
from callers import failed, statuses
from programs import until
from table import Table

# Short, so that a lease ends soon: it lasts the timeout and 10 s (docs/API.md section 8).
PROFILES = {"zertiban": {"limits": {"timeout": "1s"}}}


def run(table: Table) -> None:
    with Bench(PROFILES) as bench:
        bench.start_gateways(3)
        count = 500
        one, other = bench.slots(2, "zatlas")
        frozen = bench.slots(1)[0]
        with table.row(f"3 replicas × {count} concurrent cold requests, one slot", "1 provider call") as row:
            _cold(bench, one, count, row, 1)
        demanded = "another serves ≤ lease + 1 s; late publish refused"
        with table.row("lease holder frozen mid-call", demanded) as row:
            _frozen_holder(bench, frozen, row)
            bench.check(row)
        fault = "the same 3 × 500, PostgreSQL killed first, slots known"
        with table.row(fault, "≤ 3 provider calls") as row:
            bench.server.kill()
            _cold(bench, other, count, row, 3)
            bench.server.start()
            bench.check(row)
        with table.row("PostgreSQL unreachable for 3.5 s while a token is stored", "it lives no longer") as row:
            _stored_late(bench, row)
            bench.check(row)


def _cold(bench: Bench, call, count: int, row, most: int) -> None:
    """The provider takes a while, so that everybody is there before the token is."""
    bench.simulator.fault("zatlas", "delay", endpoint="token", ms=500)
    (client_id,) = bench.known_as[call.tenant]
    answers = bench.callers.burst([(gateway, call) for gateway in bench.gateways for _ in range(count)])
    bench.simulator.clear_faults()
    asked = bench.asked(client_id)
    row.found(f"{asked} calls, {statuses(answers)}", 0 < asked <= most and not failed(answers))


def _frozen_holder(bench: Bench, call, row) -> None:
    first, second, _ = bench.gateways
    (client_id,) = bench.known_as[call.tenant]
    bench.simulator.fault("zertiban", "delay", endpoint="token", ms=600, client_id=client_id, count=1)

    def stored() -> tuple:
        lease = "extract(epoch FROM lease_until)::float8 - extract(epoch FROM clock_timestamp())::float8"
        query = f"SELECT lease_epoch, generation, {lease} FROM bursar.token_slot WHERE owner_id = %s"
        return bench.sql(query, call.tenant)[0]

    with ThreadPoolExecutor(1) as pool:
        caught = pool.submit(bench.callers.ask, first, call)
        until("the provider was asked", lambda: bench.asked(client_id) == 1, 10)
        with bench.frozen(first):
            begin, (_, _, lease) = time.monotonic(), stored()
            overtaken = until("another serves", lambda: _served(bench, second, call), lease + 10)
            took, before = time.monotonic() - begin, stored()
        late = caught.result()
    again = until("the thawed one serves", lambda: _served(bench, first, call), 12)
    after = stored()
    row.found(f"served after {took:.1f} s of a lease of {lease:.1f} s", took <= lease + 1)
    is_refused = before[:2] == after[:2] and again.body["generation"] == overtaken.body["generation"]
    row.found(f"late caller {late.status}, store {'unchanged' if is_refused else 'CHANGED'}", is_refused)


def _stored_late(bench: Bench, row) -> None:
    """What others read out of the store must not end later than the token does."""
    cutter = bench.cutter()
    slow = bench.gateway("gateway-slow", through=cutter)
    (call,) = bench.slots(1, "phoenix", life=20)
    (client_id,) = bench.known_as[call.tenant]
    bench.simulator.fault("phoenix", "delay", endpoint="token", ms=600, client_id=client_id, count=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(bench.callers.ask, slow, call)
        until("the provider was asked", lambda: bench.asked(client_id) == 1, 10)
        cutter.freeze()
        time.sleep(3.5)
        cutter.mend()
        mine = first.result()
    others = bench.callers.burst([(gateway, call) for gateway in bench.gateways])
    row.found(f"{mine.status}, others {statuses(others)}", not failed([mine, *others]))


def _served(bench: Bench, gateway, call):
    """A caller whose patience is shorter than the lease gets a 503 and comes again."""
    answer = bench.callers.ask(gateway, call)
    return answer if answer.status == 200 else None
