"""The native door: routes, guards, answers."""
