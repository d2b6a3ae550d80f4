"""Benchmarks: the cost of the pattern, as ratios within one run (`make bench`)."""
