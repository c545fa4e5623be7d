"""Files as every system has them, and where they go."""
