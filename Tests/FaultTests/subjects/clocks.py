"""Replicas whose wall clocks are ten minutes apart from PostgreSQL's, one before it and one behind."""

import subprocess
import time
from pathlib import Path

from bench import Bench
from callers import failed, statuses, token_call
from servers import Client
from table import Table, scale

LIFE = 8


def run(table: Table) -> None:
    demanded = "0 expired tokens served; client expiry agrees"
    with Bench() as bench, table.row("replicas ±10 min", demanded) as row:
        library = _library(bench.home)
        for shift in ("600", "-600", "0"):
            bench.start_gateways(1, LD_PRELOAD=library, WALL_CLOCK_SHIFT=shift)
        calls = bench.slots(20, life=LIFE)
        bench.warm(bench.gateways, calls)
        client, until_when = _ending_client(bench, calls[0].tenant)
        ending = token_call(calls[0].tenant, client)
        length = scale(2, 20) * LIFE
        with bench.callers.load(bench.gateways, [*calls, ending], workers=9) as log:
            time.sleep(length)
        others = [answer for answer in log if answer.call is not ending]
        row.found(f"{len(failed(others))} failed ({statuses(others)})", not failed(others))
        for gateway in bench.gateways:
            good = [each for each in log if each.gateway == gateway.name and each.call is ending]
            last = max((each.sent for each in good if each.status == 200), default=float("-inf"))
            off = last - until_when
            row.found(f"{gateway.name} refused its client {off:+.1f} s from its end", -1 <= off <= 1)
        bench.check(row)


def _ending_client(bench: Bench, tenant: str) -> tuple[Client, float]:
    place = ["--tenant", tenant, "--provider", "zertiban", "--environment", "sandbox"]
    issued = bench.bursar("client", "issue", *place, "--expires", "10s")
    query = "SELECT extract(epoch FROM expires_at)::float8 FROM bursar.client WHERE expires_at IS NOT NULL"
    return Client(issued["client_id"], issued["client_secret"]), bench.sql(query)[0][0]


def _library(folder: Path) -> str:
    """What shifts a wall clock; made by the compiler that comes with Swift."""
    library, source = folder / "shifted_clock.so", Path(__file__).parent.parent / "shifted_clock.c"
    command = ["clang", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(source)]
    subprocess.run(command, check=True)
    return str(library)
