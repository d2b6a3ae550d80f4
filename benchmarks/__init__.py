"""What the pattern costs, measured as ratios within one run: `make bench`."""
