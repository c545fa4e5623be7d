"""Points of series as they are read: which series, which blocks, which meaning of x."""
