"""Records made beside the rows: output, machine, code, and the end of the process."""
