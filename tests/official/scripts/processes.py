"""One process of a run, as its arguments say: `shared` or `alone`, primary or not, how it ends."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import wandb

project, run_id, mode, name, end, *options = sys.argv[1:]

settings: dict[str, Any] = {"x_file_stream_transmit_interval": 0.2}
if mode == "shared":
    settings |= {"x_label": name, "x_primary": "secondary" not in options}
    settings["x_update_finish_state"] = "silent" not in options
run = wandb.init(
    project=project,
    id=run_id,
    mode="shared" if mode == "shared" else "online",
    resume="allow" if mode == "resumed" else None,
    config={"name": name, f"of {name}": 1},
    settings=wandb.Settings(**settings),
)


def leave(*_: object) -> None:
    run.mark_preempting()
    print("marked", flush=True)
    while not os.path.exists("go"):
        run.log({name: 2})
        time.sleep(0.1)
    sys.exit(143)


signal.signal(signal.SIGTERM, leave)
for step in range(5):
    run.log({name: step, "both": step})
    time.sleep(0.05)
print("logging", flush=True)
while end == "waits" and not os.path.exists("go"):
    run.log({name: 1})
    time.sleep(0.1)
run.finish(exit_code=int(end) if end.isdecimal() else 0)
