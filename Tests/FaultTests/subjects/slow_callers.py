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
# Requests a second of the good callers at each gateway, and how often their latency is taken.
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
        attacked, spared = stand.gateway("attacked"), stand.gateway("spared")
        for kind, arguments in KINDS.items():
            demanded = f"closed ≤ {BOUND} s; others' p99 ≤ 2 × a spared gateway's or 1 ms, 0 failed"
            with table.row(f"{CONNECTIONS} slow callers: {kind}", demanded) as row:
                _measure(attacked, spared, tenant.clients["zatlas"], arguments, row)


def _measure(attacked: Gateway, spared: Gateway, client: Client, arguments: list[str], row: Row) -> None:
    """Both gateways are asked at the same time: whatever else the machine does then, it does to both."""
    _ask([attacked, spared], client)
    with ThreadPoolExecutor(1) as pool:
        attack = pool.submit(_attack, attacked, arguments)
        windows = [_ask([attacked, spared], client) for _ in range(WINDOWS)]
        closed = attack.result()
    under_attack, quiet = (statistics.median(column) for column in zip(*(p99s for p99s, _ in windows)))
    failed = sum(failed for _, failed in windows)
    row.found(f"closed after {closed:.1f} s", closed <= BOUND)
    figures = f"p99 {under_attack * 1e3:.2f} ms, of the spared {quiet * 1e3:.2f} ms, {failed} failed"
    row.found(figures, under_attack <= max(2 * quiet, 0.001) and not failed)


def _ask(gateways: list[Gateway], client: Client) -> tuple[list[float], int]:
    """Asks all at an even pace: the 99th percentiles by their own clocks, and how many got no token."""
    latencies, failed = [Latency(gateway) for gateway in gateways], 0
    end = time.monotonic() + 8 / WINDOWS
    while (now := time.monotonic()) < end:
        failed += sum(not gateway.token(client).ok for gateway in gateways)
        time.sleep(max(0.0, 1 / PACE - (time.monotonic() - now)))
    return [latency.percentile(0.99) for latency in latencies], failed


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
