"""What `bursar serve` tells the service manager, to a stand-in for its socket."""

import contextlib
import ctypes
import os
import signal
import socket
import tempfile
import time
import unittest
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from programs import Program, find_program
from servers import Gateway
from stand import StandCase

WATCHDOG_SECONDS = 1.0
WALL = 0x40000000  # of wait(2): threads too

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


class Manager:
    """The socket that $NOTIFY_SOCKET names. Each message is kept with the moment when it came."""

    def __init__(self, address: str):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.heard: list[tuple[float, str]] = []

    def hear(self, within: float) -> str | None:
        """The next message, or nothing in this time."""
        self.socket.settimeout(within)
        try:
            message = self.socket.recv(4096).decode()
        except TimeoutError:
            return None
        self.heard.append((time.monotonic(), message))
        return message

    def hear_until(self, wanted: str, within: float = 30) -> list[str]:
        """All up to the one that is wanted; that one must come."""
        end, before = time.monotonic() + within, []
        while (message := self.hear(max(end - time.monotonic(), 0.001))) != wanted:
            if message is None:
                raise AssertionError(f"no {wanted} within {within} s, but {before}")
            before.append(message)
        return before

    def environment(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": self.address, "WATCHDOG_USEC": str(round(WATCHDOG_SECONDS * 1_000_000))}


@contextlib.contextmanager
def held(thread: int) -> Iterator[None]:
    """Stops one thread of a child, as a debugger does; the others go on."""
    seize, interrupt, detach = 0x4206, 0x4207, 17

    def ptrace(request: int) -> None:
        if LIBC.ptrace(request, thread, None, None) == -1:
            raise OSError(ctypes.get_errno(), "ptrace")

    ptrace(seize)
    ptrace(interrupt)
    os.waitpid(thread, WALL)
    try:
        yield
    finally:
        ptrace(detach)


class NotifyTests(StandCase):
    def setUp(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="bursar-notify."))
        self.manager = Manager(f"{folder}/socket")
        self.addCleanup(self.manager.socket.close)

    def _start(self, **environment: str) -> Gateway:
        name = f"notify-{self._testMethodName}"
        gateway = self.stand.gateway(name, self.manager.environment() | environment, start=False)
        return gateway.start(ready=False)

    def _assert_listening(self, gateway: Gateway) -> None:
        for url in (gateway.merchant, gateway.admin):
            address = urlsplit(url)
            socket.create_connection((address.hostname, address.port), timeout=5).close()

    def test_it_is_ready_when_both_ports_listen_and_not_before(self) -> None:
        gateway = self._start()
        self.assertEqual(self.manager.hear(30), "READY=1")
        # Nothing was waited for since: whoever READY lets go on finds both.
        self._assert_listening(gateway)
        for side in ("merchant", "admin"):
            self.assertIn(f"server={side}", gateway.program.text())

    def test_it_is_ready_though_the_database_is_away(self) -> None:
        gateway = self._start(BURSAR_DATABASE_URL="postgresql://127.0.0.1:1/nobody")
        self.manager.hear_until("READY=1")
        self._assert_listening(gateway)

    def test_a_gateway_that_cannot_listen_is_not_ready(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            environment = self.stand.environment | self.manager.environment() | {"BURSAR_HTTP_PORT": port}
            log = self.stand.folder / "taken.log"
            program = Program("taken", [find_program("bursar"), "serve"], log, environment)
            self.assertEqual(program.process.wait(30), 1)
        self.assertIsNone(self.manager.hear(0.1))

    def test_it_says_that_it_lives_twice_in_the_time_that_is_given(self) -> None:
        self._start()
        self.manager.hear_until("READY=1")
        for _ in range(8):
            self.assertEqual(self.manager.hear(WATCHDOG_SECONDS), "WATCHDOG=1")
        moments = [moment for moment, message in self.manager.heard if message == "WATCHDOG=1"]
        between = (moments[-1] - moments[0]) / (len(moments) - 1)
        self.assertLess(between, WATCHDOG_SECONDS * 0.75)
        self.assertGreater(between, WATCHDOG_SECONDS * 0.25)

    def test_it_is_silent_while_it_hangs(self) -> None:
        gateway = self._start()
        self.manager.hear_until("WATCHDOG=1")
        os.kill(gateway.program.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, gateway.program.pid, signal.SIGCONT)
        self.manager.hear(0.2)  # what was under way
        self.assertIsNone(self.manager.hear(3 * WATCHDOG_SECONDS))
        os.kill(gateway.program.pid, signal.SIGCONT)
        self.assertEqual(self.manager.hear(WATCHDOG_SECONDS), "WATCHDOG=1")

    def test_one_thread_that_hangs_is_noticed(self) -> None:
        """An event loop that does not go round any more, while the rest of the process does."""
        gateway = self._start()
        self.manager.hear_until("WATCHDOG=1")
        threads = Path(f"/proc/{gateway.program.pid}/task")
        loops = [int(task.name) for task in threads.iterdir() if "NIO-SGLTN" in (task / "comm").read_text()]
        self.assertGreater(len(loops), 0)
        for loop in loops:
            with held(loop):
                self.manager.hear(0.2)  # what was under way
                self.assertIsNone(self.manager.hear(2 * WATCHDOG_SECONDS))
            self.assertEqual(self.manager.hear(2 * WATCHDOG_SECONDS), "WATCHDOG=1")

    def test_it_says_that_it_stops_before_it_does(self) -> None:
        gateway = self._start()
        self.manager.hear_until("READY=1")
        gateway.program.process.send_signal(signal.SIGTERM)
        self.assertLessEqual(set(self.manager.hear_until("STOPPING=1", within=5)), {"WATCHDOG=1"})
        self.assertEqual(gateway.program.process.wait(15), 0)
        while (message := self.manager.hear(0.1)) is not None:
            self.assertNotEqual(message, "READY=1")

    def test_a_watchdog_that_is_meant_for_another_process_is_not_fed(self) -> None:
        self._start(WATCHDOG_PID="1")
        self.manager.hear_until("READY=1")
        self.assertIsNone(self.manager.hear(2 * WATCHDOG_SECONDS))

    def test_its_own_process_id_is_taken(self) -> None:
        environment = self.stand.environment | self.manager.environment()
        environment["BURSAR_STATE_DIR"] = str(self.stand.folder / "state-own-pid")
        command = ["/bin/sh", "-c", 'WATCHDOG_PID=$$ exec "$0" serve', find_program("bursar")]
        program = self.stand.start_program("own-pid", ["/usr/bin/env", *_words(environment), *command])
        self.manager.hear_until("WATCHDOG=1")
        self.assertEqual(program.stop(), 0)

    def test_an_abstract_socket_is_reached(self) -> None:
        self.manager.socket.close()
        self.manager = Manager(f"@bursar-notify-{os.getpid()}")
        self._start()
        self.assertEqual(self.manager.hear(30), "READY=1")
        self.manager.socket.close()

    def test_nobody_who_listens_is_no_reason_not_to_serve(self) -> None:
        self.manager.socket.close()
        gateway = self._start()
        self._assert_listening(gateway)


def _words(environment: dict[str, str]) -> list[str]:
    return [
        f"{name}={value}"
        for name, value in environment.items()
        if name.startswith(("BURSAR_", "NOTIFY", "WATCHDOG"))
    ]


if __name__ == "__main__":
    unittest.main()
