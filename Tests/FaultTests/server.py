"""A PostgreSQL of a bench's own, that can be killed, frozen, followed by a standby and promoted."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from programs import Failed, Program, free_port, until

# What is lost in a crash of the machine does not matter; what is lost in a crash of the server does.
SETTINGS = {
    "fsync": "off",
    "max_connections": "200",
    # A killed server leaves its shared memory: here it goes with the folder.
    "dynamic_shared_memory_type": "mmap",
    "wal_level": "replica",
    "max_wal_senders": "4",
    # Says when a change was committed.
    "track_commit_timestamp": "on",
}


class Server:
    """One cluster on 127.0.0.1; programs of PostgreSQL refuse to run as root, see scripts/postgres.sh."""

    def __init__(self, folder: Path, name: str):
        self.name = name
        self.port = free_port()
        self.data = folder / name
        self._folder = folder
        self._owner = _owner()
        self._program: Program | None = None

    @property
    def url(self) -> str:
        """For the superuser; loopback is trusted."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    # Beginnings

    def make(self) -> "Server":
        self._own(self.data)
        self._run(
            *("initdb", "-N", "-D", str(self.data), "-U", "postgres", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C.UTF-8"),
        )
        return self

    def follow(self, primary: "Server", port: int) -> "Server":
        """Makes this one an asynchronous standby of `primary`, reached by `port`, and starts it."""
        self._own(self.data)
        place = f"host=127.0.0.1 port={port} user=postgres"
        options = ("-R", "-X", "stream", "--checkpoint=fast", "--no-sync")
        self._run("pg_basebackup", "-D", str(self.data), "-d", place, *options)
        return self.start()

    def start(self) -> "Server":
        command = [*self._owner, "setpriv", "--pdeathsig", "INT", "--", _program("postgres")]
        command += ["-D", str(self.data), "-k", "", "-h", "127.0.0.1", "-p", str(self.port)]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        log = self._folder / f"{self.name}.log"
        self._program = Program(self.name, command, log, {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
        until(f"{self.name} accepts connections", self._accepts, 60)
        return self

    def _accepts(self) -> bool:
        if self._program.process.poll() is not None:
            raise Failed(f"{self.name} ended:\n{self._program.tail()}")
        try:
            return bool(self.sql("SELECT true"))
        except psycopg.OperationalError:
            return False

    # Faults

    def kill(self) -> None:
        """As a machine that loses its power: all processes at once, without a word."""
        for pid in self.freeze():
            _signal(pid, signal.SIGKILL)
        self._program.process.wait(10)

    def freeze(self) -> list[int]:
        """Stops every process; the kernel goes on accepting connections for them."""
        frozen: list[int] = []
        while fresh := [pid for pid in self._processes() if pid not in frozen]:
            for pid in fresh:
                _signal(pid, signal.SIGSTOP)
            frozen += fresh
        return frozen

    def thaw(self) -> None:
        for pid in self._processes():
            _signal(pid, signal.SIGCONT)

    def promote(self) -> None:
        """Returns when it takes writes."""
        self._run("pg_ctl", "promote", "-D", str(self.data), "--no-wait")
        until(f"{self.name} is promoted", lambda: not self.sql("SELECT pg_is_in_recovery()")[0][0], 30)

    def stop(self) -> None:
        if self._program and self._program.process.poll() is None:
            self.kill()
        shutil.rmtree(self.data, ignore_errors=True)

    def sql(self, text: str, database: str = "postgres") -> list[tuple]:
        place = f"host=127.0.0.1 port={self.port} user=postgres dbname={database} connect_timeout=5"
        with psycopg.connect(place, autocommit=True) as connection:
            cursor = connection.execute(text)
            return cursor.fetchall() if cursor.description else []

    # Processes

    def _processes(self) -> list[int]:
        """The postmaster and its children, by pid: nobody else's."""
        if self._program is None or self._program.process.poll() is not None:
            return []
        postmaster = self._program.pid
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        return [postmaster, *map(int, children)]

    def _own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if self._owner and self._owner[0] == "setpriv":
            shutil.chown(folder, "postgres", "postgres")
            for parent in (self._folder, self._folder.parent):
                parent.chmod(parent.stat().st_mode | 0o011)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._owner, _program(program), *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd="/")
        if ended.returncode:
            raise Failed(f"{program}: {ended.stderr}{ended.stdout}")


def _owner() -> list[str]:
    """The command that root runs PostgreSQL behind: in a user namespace, else as Debian's own user."""
    if os.geteuid():
        return []
    user = pwd.getpwnam("postgres")
    namespace = ["unshare", "-U", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}", "--"]
    if subprocess.run([*namespace, "true"], capture_output=True).returncode == 0:
        return namespace
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]


def _program(name: str) -> str:
    folders = [Path("/usr/lib/postgresql/15/bin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
    return next(str(folder / name) for folder in folders if (folder / name).exists())


def _signal(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        pass

