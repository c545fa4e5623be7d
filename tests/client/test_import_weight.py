"""What `import lossboard` brings, and what it leaves for later."""

from __future__ import annotations

import json

from .conftest import Script

LOOK = """
import json, sys, threading
before = set(sys.modules)
import lossboard
{more}
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(json.dumps({{"loaded": sorted(loaded), "threads": threading.active_count()}}))
"""

THEIRS = {"torch", "pandas", "PIL", "httpx", "requests", "click", "yaml", "IPython", "plotly"}


def test_the_import_brings_numpy_and_msgspec_and_starts_nothing(script: Script) -> None:
    found = json.loads(script(LOOK.format(more="")).stdout)
    assert {"numpy", "msgspec"} <= set(found["loaded"])
    assert not THEIRS & set(found["loaded"])
    assert found["threads"] == 1


def test_a_whole_run_brings_no_more_than_the_standard_library(script: Script) -> None:
    more = (
        "with lossboard.init(mode='offline', settings={'silent': True}) as run:\n"
        "    run.log({'x': 1, 'h': lossboard.Histogram([1, 2])})"
    )
    found = json.loads(script(LOOK.format(more=more)).stdout)
    assert not THEIRS & set(found["loaded"])


def test_the_import_makes_no_file(script: Script) -> None:
    code = "import os, lossboard\nprint(sorted(os.listdir()))"
    assert script(code).stdout == "['train.py']\n"


def test_every_public_name_may_be_the_first_that_a_script_imports(script: Script) -> None:
    code = (
        "import sys, lossboard\n"
        "names = list(lossboard.__all__)\n"
        "for name in names:\n"
        "    for module in [module for module in sys.modules if module.startswith('lossboard')]:\n"
        "        del sys.modules[module]\n"
        "    exec(f'from lossboard import {name}')\n"
        "print(len(names) > 50)\n"
    )
    assert script(code).stdout == "True\n"


def test_the_current_run_is_not_hidden_by_the_package_of_that_name(script: Script) -> None:
    code = (
        "import lossboard, lossboard.live_run.core, lossboard.cli.sync\n"
        "print(lossboard.run)\n"
        "run = lossboard.init(mode='disabled')\n"
        "from lossboard import run as current\n"
        "print(current is run is lossboard.run)\n"
    )
    assert script(code).stdout == "None\nTrue\n"
