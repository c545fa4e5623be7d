"""Projects and what belongs to them as a whole."""
