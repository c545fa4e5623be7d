"""Callbacks for libraries that don't log on their own."""
