"""Callers that are slow on purpose, by slowhttptest, while others want their tokens."""

import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from latency import Latency
from programs import Failed, until
from servers import Client, Gateway
from stand import Stand
from table import Row, Table

CONNECTIONS = 1_000
# Seconds in which every connection has to be gone.
BOUND = 15
# Requests a second of the good callers, and how often their latency is taken, quiet and under attack.
PACE = 100
WINDOWS = 5

KINDS = {
    "headers": ["-H", "-i", "2"],
    "body": ["-B", "-i", "2", "-s", "8192", "-t", "POST"],
    "reading": ["-X", "-w", "1", "-y", "8", "-z", "1", "-n", "5", "-k", "3"],
}


def run(table: Table) -> None:
    with Stand() as stand:
        tenant = stand.tenant(["zatlas"])
        gateway = stand.gateway()
        for kind, arguments in KINDS.items():
            demanded = f"closed ≤ {BOUND} s; others' p99 ≤ 2 × or 1 ms, 0 failed"
            with table.row(f"{CONNECTIONS} slow callers: {kind}", demanded) as row:
                _measure(gateway, tenant.clients["zatlas"], arguments, row)


def _measure(gateway: Gateway, client: Client, arguments: list[str], row: Row) -> None:
    quiet = [_ask(gateway, client) for _ in range(WINDOWS)]
    with ThreadPoolExecutor(1) as pool:
        attack = pool.submit(_attack, gateway, arguments)
        loaded = [_ask(gateway, client) for _ in range(WINDOWS)]
        closed = attack.result()
    before, during = (statistics.median(p99 for p99, _ in windows) for windows in (quiet, loaded))
    failed = sum(failed for _, failed in loaded)
    row.found(f"closed after {closed:.1f} s", closed <= BOUND)
    figures = f"p99 {during * 1e3:.2f} ms, quiet {before * 1e3:.2f} ms, {failed} failed"
    row.found(figures, during <= max(2 * before, 0.001) and not failed)


def _ask(gateway: Gateway, client: Client) -> tuple[float, int]:
    """Asks at an even pace: the 99th percentile by the gateway's clock, and how many got no token."""
    latency, failed = Latency(gateway), 0
    end = time.monotonic() + 8 / WINDOWS
    while (now := time.monotonic()) < end:
        failed += not gateway.token(client).ok
        time.sleep(max(0.0, 1 / PACE - (time.monotonic() - now)))
    return latency.percentile(0.99), failed


def _attack(gateway: Gateway, arguments: list[str]) -> float:
    """Seconds from the last connection's beginning until the gateway has let all of them go.

    Seen from the gateway's descriptors: a slow reader's own side stays open long after it was left.
    """
    usual = gateway.open_files()
    # It spins on its sockets, and stands for machines that take nothing from the gateway's own processor.
    command = ["nice", "-n", "19", "slowhttptest", *arguments, "-c", str(CONNECTIONS)]
    command += ["-r", str(CONNECTIONS // 2), "-l", str(BOUND + 10), "-p", "3"]
    command += ["-u", f"{gateway.merchant}/oauth2/token"]
    attack = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until("the slow callers are there", lambda: gateway.open_files() >= usual + CONNECTIONS * 0.9)
        begun = time.monotonic()
        until("they are gone", lambda: gateway.open_files() <= usual + 8, within=3 * BOUND)
        return time.monotonic() - begun
    except Failed:
        return float("inf")
    finally:
        attack.terminate()
        attack.wait(10)
