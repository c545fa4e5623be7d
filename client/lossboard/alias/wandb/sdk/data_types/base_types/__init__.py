"""Classes that media are made from."""
