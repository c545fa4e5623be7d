"""Work that the server does by itself while it runs."""
