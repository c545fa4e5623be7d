"""The HTTP API by resource. Routes hold no SQL."""
