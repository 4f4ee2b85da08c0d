"""Processes that a benchmark starts, and what they use."""

import os
import signal
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path

SERVER_CORE, LOAD_CORE = 0, 1
TICKS = os.sysconf("SC_CLK_TCK")


class Processes:
    """All end with the benchmark: asked first, killed when they do not obey."""

    def __init__(self, folder):
        self.folder = folder
        self._started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self._started):
            process.send_signal(signal.SIGTERM) if process.poll() is None else None
        end = time.monotonic() + 15
        for process in reversed(self._started):
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name, command, core=SERVER_CORE, environment=None):
        """`core`: the only one that it may use; None leaves it free."""
        pinned = command if core is None else ["taskset", "-c", str(core), *command]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(word) for word in pinned], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment
            )
        self._started.append(process)
        return process

    def stop(self, process):
        process.terminate()
        process.wait(20)


def children(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pids):
    """What the processes have used so far, to the nanosecond, threads that have ended included."""
    # A process's clock bears a number made of its own: what clock_getcpuclockid(3) answers on Linux.
    return sum(time.clock_gettime_ns(~pid << 3 | 2) for pid in pids) / 1e9


def user_share(pids):
    """User and system time in ticks."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids]
    return sum(int(each[11]) for each in fields) / TICKS, sum(int(each[12]) for each in fields) / TICKS


def resident_bytes(pid):
    """What the process alone holds."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1]) * 1024
    raise LookupError("no Pss_Anon in smaps_rollup")


def fetch(url, fields=None):
    """The answer's body. Certificates are our own, and made for the occasion."""
    context = ssl._create_unverified_context() if url.startswith("https") else None
    with urllib.request.urlopen(urllib.request.Request(url, headers=fields or {}), timeout=10, context=context) as answer:
        return answer.read().decode()


def wait_for(url, seconds=30, process=None):
    end = time.monotonic() + seconds
    while True:
        try:
            return fetch(url)
        except OSError:
            if process and process.poll() is not None:
                raise SystemExit(f"{url}: the program ended with {process.returncode}") from None
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
