"""Campaigns, codes, links, and what they take off: rules and sums are pure, tables are reached through ``store``."""
