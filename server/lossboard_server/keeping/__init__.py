"""Keeps a store for years: copies of it, looks through all of it, repairs."""
