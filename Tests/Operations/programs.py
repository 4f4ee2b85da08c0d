"""Programs that a test runs, and waiting for what they do."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


class Failed(Exception):
    """Something that a test counts on did not happen."""


def until(what: str, look: Callable[[], Found], within: float = 20) -> Found:
    """Looks again and again until there is something true to return."""
    end = time.monotonic() + within
    last: Exception | None = None
    while time.monotonic() < end:
        try:
            if found := look():
                return found
        except OSError as error:
            last = error
        time.sleep(0.05)
    raise Failed(f"within {within} s not so: {what}" + (f" ({last})" if last else ""))


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


# Nothing that a test starts outlives the thread that started it, whatever becomes of the test.
_DIE_WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"]


class Program:
    """
    A child process with a log file, in a session of its own, as service managers start programs: the kernel
    weighs nice values within a session, so that its background gives way to its hits and not to a busy test.
    """

    def __init__(self, name: str, command: list[str], log: Path, environment: dict[str, str] | None = None):
        self.name = name
        self.log = log
        self._begin = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*_DIE_WITH_US, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def text(self) -> str:
        """What it has printed so far."""
        with self.log.open("rb") as file:
            file.seek(self._begin)
            return file.read().decode(errors="replace")

    def line(self, containing: str, within: float = 30) -> str:
        """Waits for a whole line that contains this; ends early when the program has ended without it."""

        def look() -> str | None:
            ended = self.process.poll() is not None
            for line in self.text().splitlines(keepends=True):
                if containing in line and line.endswith("\n"):
                    return line.rstrip("\n")
            if ended:
                raise Failed(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
            return None

        return until(f"{self.name} prints {containing!r}", look, within)

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.text().splitlines()[-lines:])

    def stop(self, sign: signal.Signals = signal.SIGTERM, within: float = 15) -> int:
        """Ends it by its process id alone; what does not obey is killed, and that is a failure."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
            self.process.send_signal(signal.SIGCONT)
            try:
                self.process.wait(within)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failed(f"{self.name} did not stop within {within} s:\n{self.tail()}") from None
        return self.process.returncode

    def kill(self) -> None:
        self.stop(signal.SIGKILL)


def find_program(name: str) -> str:
    """The path of a program of the product."""
    folder = os.environ.get("BURSAR_TEST_BIN")
    if not folder:
        sys.exit("BURSAR_TEST_BIN is not set: run the tests with ./dev test")
    return str(Path(folder) / name)
