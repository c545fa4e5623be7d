"""How a run begins: `init`, the runs of this process, the notebook's magics."""
