"""The vendor seam: one port in our own words, and one folder per vendor behind it."""
