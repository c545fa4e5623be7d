"""Artifacts, where integrations look for them."""
