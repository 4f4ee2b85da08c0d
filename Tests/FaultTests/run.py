"""Breaks the running product in every way that its promises speak of, and prints what each one measured.

    run.py                      everything: two lines at once, then what measures latencies alone
    run.py exchange leaving     these subjects, one after the other

BURSAR_TEST_LONG=1: the full counts. BURSAR_FAULTS_SEED: other dice. BURSAR_FAULTS_JSON: where the table goes.
"""

import importlib
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "Operations"))

# Each subject is a module with `run(table)`. The lines take about as long as each other.
LINES = [
    ["exchange", "outage", "withdrawal", "limits", "keys", "storm"],
    ["failover", "leaving", "clocks", "rotation", "expiry", "addresses", "providers"],
]
ALONE = ["latency", "slow_callers"]


def carry_out(subjects: list[str], file: Path) -> None:
    """Subjects one after the other, in this process."""
    from table import Table

    table = Table(file)
    # So that a stand is put away when somebody stops us.
    signal.signal(signal.SIGTERM, table.stop)
    for subject in subjects:
        with table.subject(subject):
            importlib.import_module(f"subjects.{subject}").run(table)


def start(subjects: list[str], file: Path, output: object) -> subprocess.Popen:
    command = [sys.executable, __file__, "--line", str(file), *subjects]
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)


def all_lines(folder: Path) -> list[Path]:
    """What a line says comes out in one piece, after the one that speaks at once."""
    files = [folder / f"line-{number}" for number in range(len(LINES) + 1)]
    said = folder / "said"
    children: list[subprocess.Popen] = []
    try:
        with said.open("wb") as output:
            children = [start(LINES[0], files[0], output), start(LINES[1], files[1], sys.stdout)]
            for child in children:
                child.wait()
        sys.stdout.flush()
        sys.stdout.buffer.write(said.read_bytes())
        children.append(start(ALONE, files[2], sys.stdout))
        children[-1].wait()
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()
                child.wait(60)
    return files


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--line"]:
        carry_out(arguments[2:], Path(arguments[1]))
        return 0
    from table import Table, missing, show

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="bursar-faults-table.") as name:
        folder = Path(name)
        if arguments:
            files, subjects = [folder / "line"], arguments
            carry_out(arguments, files[0])
        else:
            files, subjects = all_lines(folder), [*LINES[0], *LINES[1], *ALONE]
        rows = [row for file in files if file.exists() for row in Table(file).rows()]
    rows += missing(rows, subjects)
    show(rows)
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
