"""Runs the tests of this folder, in two lines at once.

`live_*.py` mostly wait for Prometheus, whose alerts take minutes; `test_*.py` are all the others. Arguments
go to both, such as `-k keyring`.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def discover(pattern: str, output: object) -> subprocess.Popen:
    """All modules that are named so, in a process of their own."""
    command = [sys.executable, "-m", "unittest", "discover", "-s", HERE, "-t", HERE, "-p", pattern, "-v"]
    return subprocess.Popen([*command, *sys.argv[1:]], stdout=output, stderr=subprocess.STDOUT)


def main() -> int:
    with tempfile.TemporaryFile() as said:
        live = discover("live_*.py", said)
        others = discover("test_*.py", sys.stdout)
        failed = [line.wait() for line in (others, live)]
        said.seek(0)
        sys.stdout.flush()
        sys.stdout.buffer.write(said.read())
    return int(any(failed))


if __name__ == "__main__":
    sys.exit(main())
