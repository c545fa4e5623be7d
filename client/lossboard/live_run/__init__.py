"""A run being logged: what `init` returns, and what its calls do."""
