"""Kassa: a self-serve web store for subscription software."""
