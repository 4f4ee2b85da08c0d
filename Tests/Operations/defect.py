"""A defect put into a running program: one of its functions returns at once, and does nothing.

For what no fault from outside can bring about. The byte is written through /proc/PID/mem (proc(5)), which lets a
parent change its child's code; on x86-64 it is `ret`.
"""

import platform
import subprocess
from pathlib import Path

from programs import Failed

RETURN = b"\xc3"


class Defect:
    """`symbol`: how the function's mangled name begins; exactly one must."""

    def __init__(self, pid: int, program: str, symbol: str):
        if platform.machine() != "x86_64":
            raise Failed(f"this knows the code of x86-64, not of {platform.machine()}")
        self._memory = Path(f"/proc/{pid}/mem")
        self._place = self._base(pid, program) + self._offset(program, symbol)
        self._former = b""

    def begin(self) -> None:
        self._former = self._exchange(RETURN)

    def mend(self) -> None:
        self._exchange(self._former)

    def _exchange(self, byte: bytes) -> bytes:
        with self._memory.open("r+b", buffering=0) as memory:
            memory.seek(self._place)
            former = memory.read(1)
            memory.seek(self._place)
            memory.write(byte)
        return former

    @staticmethod
    def _base(pid: int, program: str) -> int:
        """Where the program's first bytes are in memory."""
        real = str(Path(program).resolve())
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            fields = line.split()
            if fields[-1] == real and int(fields[2], 16) == 0:
                return int(fields[0].split("-")[0], 16)
        raise Failed(f"{real} is not mapped in process {pid}")

    @staticmethod
    def _offset(program: str, symbol: str) -> int:
        listed = subprocess.run(["nm", "--defined-only", program], check=True, capture_output=True, text=True)
        fields = [line.split() for line in listed.stdout.splitlines()]
        found = [int(each[0], 16) for each in fields if each[1] == "T" and each[2].startswith(symbol)]
        if len(found) != 1:
            raise Failed(f"{len(found)} functions of {program} are called {symbol}…")
        return found[0]
