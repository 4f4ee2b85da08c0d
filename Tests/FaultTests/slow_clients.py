"""Callers that are slow on purpose, by slowhttptest, while others want their tokens."""

import csv
import os
import subprocess
import threading
import time
from collections.abc import Iterator

from latency import Latency
from stand import Stand
from table import Row

LONG = bool(os.environ.get("BURSAR_TEST_LONG"))
CONNECTIONS = 1_000 if LONG else 300
# Seconds in which every connection has to be gone.
BOUND = 15
# Requests a second of the good callers.
PACE = 100

KINDS = {
    "headers": ["-H", "-i", "2"],
    "body": ["-B", "-i", "2", "-s", "8192", "-t", "POST"],
    "reading": ["-X", "-w", "1", "-y", "8", "-z", "1", "-n", "5", "-k", "3"],
}


def rows() -> Iterator[Row]:
    with Stand() as stand:
        tenant = stand.tenant(["zatlas"])
        gateway = stand.gateway()
        client = tenant.clients["zatlas"]
        assert gateway.token(client).ok
        for kind, arguments in KINDS.items():
            quiet = Latency(gateway)
            _ask(gateway, client, time.monotonic() + 5)
            before = quiet.percentile(0.99)
            loaded, closed = Latency(gateway), []

            def attack() -> None:
                closed.append(_attack(stand, gateway.merchant, kind, arguments))

            thread = threading.Thread(target=attack)
            thread.start()
            failed = _ask(gateway, client, time.monotonic() + 5)
            during = loaded.percentile(0.99)
            thread.join()
            bound = max(2 * before, 0.001)
            ok = closed[0] is not None and closed[0] <= BOUND and during <= bound and not failed
            yield Row(
                f"{CONNECTIONS} slow callers: {kind}",
                f"closed ≤ {BOUND} s; good callers' p99 ≤ 2 × or 1 ms; 0 failed",
                f"closed after {closed[0]} s; p99 {during * 1e3:.2f} ms ({before * 1e3:.2f} ms quiet); {failed} failed",
                ok,
            )


def _ask(gateway: object, client: object, until: float) -> int:
    """Asks at an even pace; how many answers were not a token."""
    failed = 0
    while (now := time.monotonic()) < until:
        failed += not gateway.token(client).ok
        time.sleep(max(0.0, 1 / PACE - (time.monotonic() - now)))
    return failed


def _attack(stand: Stand, url: str, kind: str, arguments: list[str]) -> float | None:
    """The second in which the last slow connection was gone, counted from the last one's beginning."""
    output = stand.folder / f"slow-{kind}"
    rate, length = CONNECTIONS // 2, BOUND + 10
    command = ["slowhttptest", *arguments, "-c", str(CONNECTIONS), "-r", str(rate), "-l", str(length)]
    command += ["-u", f"{url}/oauth2/token", "-g", "-o", str(output), "-p", "3"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=False)
    with output.with_suffix(".csv").open() as file:
        lines = [{name.strip(): value for name, value in line.items() if name} for line in csv.DictReader(file)]
    for line in lines:
        if int(line["Seconds"]) >= 2 and int(line["Connected"]) == 0 and int(line["Pending"]) == 0:
            return float(line["Seconds"])
    return None
