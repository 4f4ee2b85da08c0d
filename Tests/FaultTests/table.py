"""The table of figures that the fault bench ends with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A fault, the figure that is demanded, the one that was measured, and whether it will do."""

    fault: str
    demanded: str
    measured: str
    ok: bool
