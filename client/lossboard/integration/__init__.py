"""Callbacks for libraries that don't log on their own; each imports its library when used."""
