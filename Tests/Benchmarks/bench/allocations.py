"""How often a process asks for memory: its allocator counts, preloaded from outside."""

import os
import subprocess
from pathlib import Path

from bench import load

SOURCE = Path(__file__).parent / "allocations.c"


class Allocations:
    """Start the process with `environment`; then it is counted."""

    def __init__(self, folder, name):
        library = folder / "allocations.so"
        if not library.exists():
            command = ["cc", "-O2", "-Wall", "-shared", "-fPIC", "-fno-builtin", "-o", library, SOURCE]
            subprocess.run(command, check=True)
        self._file = folder / f"allocations-{name}"
        self._file.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "BURSAR_BENCH_ALLOCATIONS": str(self._file)}

    def per_request(self, *arguments, **options):
        """Allocations for a request of a wrk run."""
        before = self._count()
        requests = load.wrk(*arguments, **options)
        return (self._count() - before) / requests

    def _count(self):
        return int.from_bytes(self._file.read_bytes(), "little")
