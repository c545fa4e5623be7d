"""Values with a meaning of their own, a module for each."""
