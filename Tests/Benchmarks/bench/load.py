"""Requests, and what sends them: wrk as fast as it goes, or the open-loop generator at a rate."""

import base64
import json
import os
import re
import subprocess
import time
from pathlib import Path

from bench.processes import LOAD_CORE, cpu_seconds

HERE = Path(__file__).parent
FORM = b"grant_type=client_credentials"


def get(caller, close=False):
    """GET /v1/token by Bearer, with the tenant named."""
    _, secret, tenant = caller
    return _request("GET /v1/token", f"Bearer {secret}", close, [f"x-tenant-id: {tenant}"])


def post(caller, close=False):
    """POST /oauth2/token as OAuth client libraries send it: Basic, and a form."""
    client, secret, _ = caller
    credentials = base64.b64encode(f"{client}:{secret}".encode()).decode()
    fields = ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(FORM)}"]
    return _request("POST /oauth2/token", f"Basic {credentials}", close, fields) + FORM


def _request(line, authorization, close, fields):
    fields = [
        "Host: 127.0.0.1", f"Authorization: {authorization}", "Accept: application/json", "User-Agent: bench", *fields,
        *(["Connection: close"] if close else []),
    ]  # fmt: skip
    return "\r\n".join([f"{line} HTTP/1.1", *fields, "", ""]).encode()


def write_requests(path, requests):
    """As the generators read them, each ended by a zero byte."""
    path.write_bytes(b"".join(request + b"\0" for request in requests))
    return path


def wrk(port, requests, seconds, tls=False, connections=64):
    """Answers how many requests were answered, each with 2xx."""
    url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    output = subprocess.run(
        [*command, "-s", HERE / "wrk.lua", url],
        env=os.environ | {"BENCH_REQUESTS": str(requests)}, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    if found := re.search(r"Non-2xx or 3xx responses: \d+|Socket errors: connect [1-9].*", output):
        raise SystemExit(f"{url}: {found.group(0)}")
    return int(re.search(r"(\d+) requests in", output).group(1))


def cpu_per_request(pids, *arguments, **options):
    """Microseconds of processor time that the servers use for a request of a wrk run."""
    before = cpu_seconds(pids)
    count = wrk(*arguments, **options)
    return (cpu_seconds(pids) - before) / count * 1e6


def open_loop(folder, port, requests, rate, seconds, connections=64):
    """Sends at times that are fixed beforehand, whatever the answers do; latencies count from those times.
    Answers quantiles in microseconds."""
    program = folder / "open_loop"
    if not program.exists():
        subprocess.run(["cc", "-O2", "-Wall", "-o", program, HERE / "open_loop.c"], check=True)
    command = ["taskset", "-c", str(LOAD_CORE), program, str(port), requests, str(rate), str(seconds), str(connections)]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"open_loop on port {port}: {ended.stderr}")
    return json.loads(ended.stdout)


def warm(stand, port, requests, wanted, tls=False):
    """Asks until so many tokens are in memory. Each run begins with the first request, and has to get to the last."""
    end = time.monotonic() + 900
    while True:
        wrk(port, requests, 2 + wanted // 5_000, tls=tls)
        time.sleep(2)  # slots are counted every two seconds, and many of them less often
        found = stand.metric("bursar_token_slots", 'state="fresh"')
        if found >= wanted:
            return
        if time.monotonic() > end:
            raise SystemExit(f"{found:.0f} of {wanted} tokens got warm")
