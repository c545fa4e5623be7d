"""Output of the program as lines of the run, and what the client prints itself."""

from __future__ import annotations

import io
import math
import queue
import sys
import threading
from itertools import count
from typing import Any

import pytest

import lossboard as wandb
from lossboard.live_run.report import history_cells, sparkline, summary_cells
from lossboard.live_run.tally import KeyTally
from lossboard.machine.console import ConsoleCapture, unrecorded
from lossboard.machine.line_emulator import LineEmulator
from lossboard.terminal import Terminal

from .conftest import Script


def lines_of(*writes: str) -> dict[int, str]:
    emulator, lines = LineEmulator(count().__next__), {}
    for text in writes:
        lines |= emulator.write(text)
    return lines


TEXTS: list[tuple[tuple[str, ...], dict[int, str]]] = [
    (("a\nb\n",), {0: "a", 1: "b"}),
    (("a", "b\n", "c"), {0: "ab", 1: "c"}),
    (("10%\r", "20%\r", "30%"), {0: "30%"}),
    (("long line\rshort",), {0: "shortline"}),
    (("\n\nx",), {2: "x"}),
    (("\x1b[31mred\x1b[0m",), {0: "\x1b[31mred\x1b[0m"}),
    (
        ("\x1b[1m\x1b[31mred\n", "on\x1b[m off"),
        {0: "\x1b[1m\x1b[31mred\x1b[0m", 1: "\x1b[1m\x1b[31mon\x1b[0m off"},
    ),
    (("\x1b[32m##\x1b[0m..\r", "\x1b[32m###\x1b[0m"), {0: "\x1b[32m###\x1b[0m."}),
    (("\x1b[31mred\r\x1b[0mb",), {0: "b\x1b[31med\x1b[0m"}),
    (("\x1b[?25lhidden cursor\x1b]0;title\x07",), {0: "hidden cursor"}),
    (("a long line\r\x1b[Kshort",), {0: "short"}),
    (("abcdef\x1b[3D\x1b[1K",), {0: "   def"}),
    (("abc\x08\x08X",), {0: "aXc"}),
    (("outer\n", "inner", "\x1b[A\r", "OUTER"), {0: "OUTER", 1: "inner"}),
]


@pytest.mark.covers("console")
@pytest.mark.parametrize(("writes", "lines"), TEXTS)
def test_text_becomes_the_lines_that_a_terminal_would_show(
    writes: tuple[str, ...], lines: dict[int, str]
) -> None:
    assert lines_of(*writes) == lines


def test_a_thousand_lines_keep_their_numbers() -> None:
    assert lines_of(*(f"{n}\n" for n in range(1000))) == {n: str(n) for n in range(1000)}


def captured(write: Any) -> list[Any]:
    sent: list[Any] = []
    capture = ConsoleCapture(sent.extend, pytest.fail)
    capture.start()
    try:
        write()
    finally:
        capture.stop()
    return sent


def test_what_is_printed_is_captured_and_still_printed(capsys: pytest.CaptureFixture[str]) -> None:
    def write() -> None:
        print("out")
        print("err", file=sys.stderr)

    assert [(line.stream, line.text) for line in captured(write)] == [
        ("stdout", "out"),
        ("stderr", "err"),
    ]
    assert capsys.readouterr() == ("out\n", "err\n")


def test_messages_of_ours_are_not_part_of_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    def write() -> None:
        with unrecorded():
            print("ours")
        wandb.termlog("ours too")
        print("theirs")

    assert [line.text for line in captured(write)] == ["theirs"]


def test_after_the_end_the_streams_are_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    captured(lambda: None)
    assert "write" not in vars(sys.stdout)


def test_a_line_that_is_still_drawn_is_sent_at_the_latest_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def write() -> None:
        for percent in range(101):
            sys.stderr.write(f"\r{percent}%")

    sent = captured(write)
    assert len(sent) < 10
    assert (sent[-1].number, sent[-1].text) == (0, "100%")


def test_a_line_that_nothing_follows_is_sent_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sent: queue.Queue[Any] = queue.Queue()
    capture = ConsoleCapture(lambda lines: [sent.put(line) for line in lines], pytest.fail)
    capture.start()
    print("Password: ", end="")
    assert sent.get(timeout=30).text == "Password: "
    capture.stop()


def test_two_captures_may_end_in_any_order(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = [], []
    captures = [ConsoleCapture(kept.extend, pytest.fail) for kept in (first, second)]
    for capture in captures:
        capture.start()
    print("both")
    captures[0].stop()
    print("second")
    captures[1].stop()
    print("none")
    assert [line.text for line in first] == ["both"]
    assert [line.text for line in second] == ["both", "second"]


def test_messages_have_our_prefix_and_their_level() -> None:
    printed: list[str] = []
    terminal = Terminal(write=printed.append)
    terminal.say("one\ntwo")
    terminal.say("careful", "warn")
    terminal.say("bad", "error")
    assert printed == [
        "lossboard: one",
        "lossboard: two",
        "lossboard: WARNING careful",
        "lossboard: ERROR bad",
    ]


def test_messages_of_other_threads_wait_for_the_main_thread() -> None:
    printed: list[str] = []
    terminal = Terminal(write=printed.append)
    thread = threading.Thread(target=terminal.say, args=("later", "info"))
    thread.start()
    thread.join()
    assert printed == []
    terminal.say("now")
    assert printed == ["lossboard: later", "lossboard: now"]


def test_levels_that_are_off_are_not_printed() -> None:
    printed: list[str] = []
    terminal = Terminal(write=printed.append, levels=frozenset({"error"}))
    terminal.say("quiet", "warn")
    terminal.say_once("loud", "error")
    terminal.say_once("loud", "error")
    assert printed == ["lossboard: ERROR loud"]


@pytest.mark.covers("termlog")
def test_termlog_and_its_kin_print_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    wandb.termlog("a")
    for _ in range(2):
        wandb.termwarn("only once, says test_console", repeat=False)
    wandb.termerror("c", newline=False)
    assert capsys.readouterr().err == (
        "lossboard: a\nlossboard: WARNING only once, says test_console\nlossboard: ERROR c"
    )


@pytest.mark.covers("console")
def test_a_tqdm_bar_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    tqdm = pytest.importorskip("tqdm")
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    with tqdm.tqdm(total=2, file=screen, ncols=40, mininterval=0) as bar:
        bar.update()
        wandb.termwarn("between")
        bar.update()
    shown = [line.rstrip() for line in LineScreen(screen.getvalue()).lines]
    assert shown[0] == "lossboard: WARNING between"
    assert shown[1].startswith("100%")
    assert len([line for line in shown if "%" in line]) == 1


class LineScreen:
    """The lines of a terminal after a text was written to it."""

    def __init__(self, text: str) -> None:
        emulator = LineEmulator(count().__next__)
        self.lines = list(emulator.write(text).values())


def test_sparklines_scale_to_the_finite_values() -> None:
    assert sparkline([0.0, 1.0, 0.5]) == "▁█▅"
    assert sparkline([3.0, 3.0]) == "▁▁"
    assert sparkline([0.0, math.nan, math.inf, 1.0]) == "▁  █"
    assert sparkline([-1e308, 1e308]) == "▁█"
    assert len(sparkline([float(n) for n in range(1000)])) == 40
    assert sparkline([]) == ""


def test_the_end_summary_is_sorted_hides_internal_keys_and_is_limited() -> None:
    tallies: dict[Any, KeyTally] = {key: KeyTally() for key in ("b", "a", "_x", "c")}
    for tally in tallies.values():
        tally.add([1.0])
    assert list(history_cells(tallies, 2)) == ["a", "b", "+1"]
    summary = {"b": 0.123456789, "a": "x" * 30, "_step": 3, "list": [1]}
    assert summary_cells(summary, 10) == {"a": "x" * 19 + "…", "b": "0.12346"}


TRAINING = """
import sys
import lossboard as wandb
with wandb.init(config={"lr": 0.1}) as run:
    for n in range(50):
        wandb.log({"loss": 1 / (n + 1)})
    print("hello from the script")
"""


@pytest.mark.covers("messages")
def test_a_run_prints_links_first_and_sparklines_and_links_last(
    project: str, script: Script
) -> None:
    done = script(TRAINING, LOSSBOARD_SILENT="false")
    lines = done.stderr.splitlines()
    assert done.returncode == 0 and done.stdout == "hello from the script\n"
    assert all(line.startswith("lossboard:") for line in lines)
    assert "Syncing run" in lines[0] and f"/local/{project}" in lines[1] and "/runs/" in lines[2]
    text = done.stderr
    assert text.index("Run history") < text.index("█") < text.index("Run summary")
    assert "/runs/" in lines[-2]


@pytest.mark.covers("messages")
def test_silent_prints_nothing_and_quiet_no_more_than_what_matters(
    project: str, script: Script
) -> None:
    assert script(TRAINING, LOSSBOARD_SILENT="true").stderr == ""
    assert script(TRAINING, LOSSBOARD_SILENT="false", LOSSBOARD_QUIET="true").stderr == ""
    offline = script(TRAINING, LOSSBOARD_SILENT="0", LOSSBOARD_QUIET="1", WANDB_MODE="offline")
    assert "offline" in offline.stderr and "lossboard sync" in offline.stderr


@pytest.mark.covers("console")
def test_the_output_of_the_program_is_in_the_run(project: str, script: Script, server: Any) -> None:
    script(TRAINING + "    raise ValueError('broken on purpose')\n")
    (run,) = wandb.Api().runs()
    uid = run._attributes["uid"]
    found = run._connection.get("runs", uid, "console")["lines"]
    texts = [line["text"] for line in found]
    assert "hello from the script" in texts
    assert any("broken on purpose" in text for text in texts)
    assert not any("Syncing run" in text for text in texts)
