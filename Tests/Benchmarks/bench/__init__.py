"""What the benchmarks share: processes on one core, peers, load, and results with their thresholds."""
