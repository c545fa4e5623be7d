"""A real browser on a real server with data that the real client has logged.

The browser lives as long as a worker is in this folder, with a context of its own for each test:
Playwright's event loop must not outlive the tests that use it, others run loops of their own.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    sync_playwright,
)

import lossboard

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
STEPS = 300
BACKWARDS = 30
LOG_FREQ = 2


class Server(Protocol):
    base_url: str


def loss_at(step: int, rate: float) -> float:
    """What `logged` logs as train/loss."""
    return 2 * math.exp(-step * rate) + 0.1 * math.sin(step)


@pytest.fixture(scope="session", autouse=True)
def dashboard() -> None:
    built = (REPOSITORY / "web" / "dist" / "index.html").exists()
    if not built or CHROMIUM is None:
        pytest.skip("needs Chromium and the built dashboard: `make test` sees to both")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


class Watch:
    """What no page may do: write an error on the console or ask another host."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.faults: list[str] = []
        self.requests: list[str] = []

    def follow(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._note_message)
        page.on("request", self._note)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"{message.text} {message.location.get('url', '')}")

    def _note(self, request: Request) -> None:
        self.requests.append(request.url)
        if not request.url.startswith((self.base_url, "blob:", "data:")):
            self.faults.append(f"asked another host: {request.url}")


@pytest.fixture
def watch(server: Server) -> Watch:
    return Watch(server.base_url)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Iterator[Page]:
    """A page of the dashboard; the test fails on an error in the console."""
    page = context.new_page()
    watch.follow(page)
    yield page
    assert watch.faults == []


@pytest.fixture(scope="session")
def logged(server: Server) -> str:
    """Project with three runs: losses, a learning rate, one final accuracy, watched gradients."""
    for number, rate in enumerate((0.01, 0.02, 0.04)):
        _log_run(server.base_url, f"run-{number}", rate)
    return "ui"


def start_run(base_url: str, project: str, **settings: Any) -> Any:
    # a directory of its own: test processes that run beside this one log too
    quiet = {"base_url": base_url, "silent": True, "root_dir": tempfile.mkdtemp()}
    run = lossboard.init(project=project, settings=quiet, reinit="create_new", **settings)
    assert run._sender.flush(30)  # the server knows it, so that its pages are there
    return run


def _log_run(base_url: str, name: str, rate: float) -> None:
    import torch

    torch.manual_seed(0)
    config = {"rate": rate, "model": {"width": 8}}
    run = start_run(base_url, "ui", name=name, id=name, config=config, tags=["smoke"])
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    run.watch(model, log="all", log_freq=LOG_FREQ)
    for step in range(STEPS):
        if step < BACKWARDS:
            model(torch.randn(16, 4)).pow(2).mean().backward()
        run.log({"train/loss": loss_at(step, rate), "lr": rate / (step + 1)}, step=step)
    run.log({"test/accuracy": 1 - rate}, step=STEPS)
    run.finish()


PANEL = """id => window.lossboard.panels.find(panel => panel.id === id) ?? null"""


def wait_for_panel(page: Page, panel_id: str, condition: str = "true") -> Any:
    """The panel with this id in `window.lossboard.panels`, once `condition` holds of `panel`."""
    page.wait_for_function(
        f"""id => {{
          const panel = window.lossboard.panels.find(panel => panel.id === id);
          return panel?.data && ({condition});
        }}""",
        arg=panel_id,
    )
    return page.evaluate(PANEL, panel_id)


def open_panel(page: Page, address: str, panel_id: str, condition: str = "true") -> Any:
    page.goto(address)
    return wait_for_panel(page, panel_id, condition)
