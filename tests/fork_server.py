"""Starts servers as forks of one process, which has imported what they need: an import costs more
processor time than all that a server does in most tests.

Reads an order a line from stdin, `{"start": {"arguments", "environment", "folder", "log"}}` or
`{"poll": pid}`, and answers it with a line: the pid, and the exit code as `subprocess` has it or
null. Ends with its stdin.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from lossboard_server.commands import serve


def main() -> int:
    """Serves orders; in a fork, a server."""
    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            answer = exit_code_of(order["poll"])
        elif (answer := os.fork()) == 0:
            return serve_in_fork(**order["start"])
        print(json.dumps(answer), flush=True)
    return 0


def exit_code_of(pid: int) -> int | None:
    """The exit code, negative for a signal; None while it runs."""
    done, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None


def serve_in_fork(arguments: list[str], environment: dict[str, str], folder: str, log: str) -> int:
    """`lossboard serve` as in a process of its own."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in enumerate((os.devnull, log, log)):
        handle = os.open(path, os.O_RDWR | os.O_APPEND)
        os.dup2(handle, number)
        os.close(handle)
    given: Any = serve(arguments)
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
