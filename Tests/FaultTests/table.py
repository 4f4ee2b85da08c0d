"""The table of a run: what each fault demands, and what was measured."""

import json
import os
import random
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic

LONG = os.environ.get("BURSAR_TEST_LONG") == "1"
SEED = int(os.environ.get("BURSAR_FAULTS_SEED", "1"))


def scale(short: int, full: int) -> int:
    """A count: the full one in a long run."""
    return full if LONG else short


def seeded(name: str) -> random.Random:
    """The dice of one subject; BURSAR_FAULTS_SEED throws them otherwise."""
    return random.Random(f"{SEED} {name}")


@dataclass
class Row:
    """One fault: `seconds` is what it took."""

    fault: str
    demanded: str
    subject: str = ""
    measured: str = ""
    ok: bool = False
    seconds: float = 0

    def found(self, measured: str, ok: bool) -> None:
        """Figures of several parts add up: each of them must be right."""
        self.ok = ok and (self.ok or not self.measured)
        self.measured = "; ".join(filter(None, [self.measured, measured]))


class Table:
    """Writes each row to a file as soon as it is known, so that nothing is lost when a later one breaks."""

    def __init__(self, file: Path):
        self._file = file
        self._subject = ""
        self._is_stopped = False

    def stop(self, *_: object) -> None:
        """For a signal: whatever goes wrong from now on does so because of it, and no further row begins."""
        self._is_stopped = True
        sys.exit(143)

    @contextmanager
    def subject(self, name: str) -> Iterator[None]:
        """A subject that breaks outside its rows is a row of its own."""
        self._subject = name
        try:
            yield
        except Exception as problem:
            if self._is_stopped:
                raise
            with self.row(f"{name}: the bench", "stands"):
                raise problem

    @contextmanager
    def row(self, fault: str, demanded: str) -> Iterator[Row]:
        """What goes wrong within is the row's figure; the next row has its own chance."""
        row, begin = Row(fault, demanded, self._subject), monotonic()
        print(f"… {fault}", flush=True)
        try:
            yield row
        except Exception as problem:
            if self._is_stopped:
                raise
            traceback.print_exc()
            row.found(f"{type(problem).__name__}: {problem}".splitlines()[0][:300], False)
        row.seconds = round(monotonic() - begin, 1)
        with self._file.open("a") as file:
            file.write(json.dumps(asdict(row)) + "\n")
        print(line(row), flush=True)

    def rows(self) -> list[Row]:
        return [Row(**json.loads(each)) for each in self._file.read_text().splitlines()]


def line(row: Row) -> str:
    verdict = "ok" if row.ok else "NOT OK"
    return f"{row.fault} | {row.demanded} | {row.measured or 'nothing'} | {verdict} ({row.seconds} s)"


def missing(rows: list[Row], subjects: list[str]) -> list[Row]:
    """A subject without a row did not run, and that is a failure."""
    there = {row.subject for row in rows}
    return [Row(name, "runs", name, "it did not run") for name in subjects if name not in there]


def show(rows: list[Row]) -> None:
    print("\nfault | figure demanded | figure measured | ok")
    for row in rows:
        print(line(row))
    sys.stdout.flush()
    if target := os.environ.get("BURSAR_FAULTS_JSON"):
        Path(target).write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
