"""The way of what was logged from the caller's thread to the server; README.md draws it."""
