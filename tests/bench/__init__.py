"""Timings of single pages, as ratios within one run: ``make bench``. No test is timed."""
