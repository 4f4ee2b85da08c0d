"""Figures, their ratios, and the thresholds that they are held against."""

import json
import os
import statistics
import sys
from pathlib import Path

THRESHOLDS = Path(__file__).parent.parent / "thresholds.json"


class Results:
    """The figures of one benchmark: medians with their spread, and the ratios of which promises are made."""

    def __init__(self, benchmark):
        self.benchmark = benchmark
        self.figures = {}
        self.ratios = {}

    def add(self, name, values, unit):
        """`values`: one for each repetition."""
        self.figures[name] = {
            "unit": unit,
            "median": statistics.median(values),
            "least": min(values),
            "most": max(values),
            "values": values,
        }

    def ratio(self, name, values, peers):
        """The median of the ratios of runs that followed each other: what both suffered cancels out. A single
        value against a constant is a ratio too."""
        pairs = [value / peer for value, peer in zip(values, peers, strict=True)]
        self.ratios[name] = {"median": statistics.median(pairs), "least": min(pairs), "most": max(pairs)}

    def show(self):
        for name, figure in self.figures.items():
            print(
                f"  {name:44} {figure['median']:10.2f} {figure['unit']:10}"
                f" ({figure['least']:.2f} … {figure['most']:.2f})"
            )
        bounds = self._bounds()
        for name, ratio in self.ratios.items():
            bound = f"  at most {bounds[name]}" if name in bounds else ""
            print(f"  {name:44} {ratio['median']:10.2f}            ({ratio['least']:.2f} … {ratio['most']:.2f}){bound}")

    def finish(self):
        """Prints the table, writes the JSON, and ends with 1 when a threshold is asked for and not kept."""
        self.show()
        self.write()
        self._check()

    def write(self):
        path = os.environ.get("BURSAR_BENCH_RESULTS")
        if path:
            document = {"benchmark": self.benchmark, "figures": self.figures, "ratios": self.ratios}
            Path(path, f"{self.benchmark}.json").write_text(json.dumps(document, indent=2) + "\n")

    def _check(self):
        if not os.environ.get("BURSAR_BENCH_CHECK"):
            return
        bounds = self._bounds()
        broken = [
            f"{name} is {self.ratios[name]['median']:.2f}, and may be {bound}"
            for name, bound in bounds.items()
            if name in self.ratios and self.ratios[name]["median"] > bound
        ]
        broken += [f"{name} was not measured" for name in bounds if name not in self.ratios]
        if broken:
            sys.exit("thresholds not kept: " + "; ".join(broken))

    def _bounds(self):
        return json.loads(THRESHOLDS.read_text()).get(self.benchmark, {})
