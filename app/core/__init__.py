"""Money, clocks, ids and problems: the standard library only."""
