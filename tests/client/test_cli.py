"""The `lossboard` command."""

from __future__ import annotations

import json
import re
import shutil
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

import lossboard as wandb
from lossboard.cli import main
from lossboard.sending.undelivered import waiting_spools


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


@pytest.fixture
def run(project: str) -> wandb.Run:
    with wandb.init(config={"lr": 0.1}, name="first") as run:
        run.log({"loss": 0.5})
    return run


def test_ls_lists_projects_and_runs(
    run: wandb.Run, project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = called(capsys, "ls")
    assert code == 0 and f"local/{project}" in out
    code, out, _ = called(capsys, "ls", project)
    assert out.splitlines()[1].split()[:3] == [run.path, "first", "finished"]


def test_ls_and_show_print_json(
    run: wandb.Run, project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = called(capsys, "ls", project, "--json")
    assert [found["name"] for found in json.loads(out)] == ["first"]
    _, out, _ = called(capsys, "show", run.path, "--json")
    shown = json.loads(out)
    assert (shown["config"], shown["summary"]["loss"]) == ({"lr": 0.1}, 0.5)


def test_show_prints_one_value_a_line(run: wandb.Run, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = called(capsys, "show", run.path)
    lines = [line.split(maxsplit=1) for line in out.splitlines() if " 0." in line]
    assert {name: value for name, value in lines if "._" not in name} == {
        "config.lr": "0.1",
        "summary.loss": "0.5",
    }


def test_export_writes_the_rows_of_all_runs_as_one_table(
    project: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ids = []
    for number in range(2):
        with wandb.init(config={"number": number}) as run:
            run.log({"loss": 0.5, "a, b": number})
            run.log({"loss": 0.25, "word": "x"})
        ids.append(run.id)
    _, out, _ = called(capsys, "export", project, "--key", "loss", "--key", "a, b")
    rows = [
        f"{ids[n]},{step},{loss},{value}"
        for n in (0, 1)
        for step, loss, value in ((0, 0.5, n), (1, 0.25, ""))
    ]
    assert out.splitlines() == ['run_id,_step,loss,"a, b"', *rows]
    target = tmp_path / "rows.csv"
    chosen = '{"config.number": 1}'
    code, _, err = called(capsys, "export", project, "--to", str(target), "--filter", chosen)
    assert code == 0 and "2 rows of 1 runs" in err
    assert target.read_text().splitlines()[1].startswith(f"{ids[1]},0,")
    code, _, err = called(capsys, "export", project, "--to", "rows.xls")
    assert code == 1 and ".csv or .parquet" in err


def test_rm_asks_unless_told_not_to(
    run: wandb.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("builtins.input", lambda *_: "n")
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda *_: "n")
    code, _, _ = called(capsys, "rm", run.path)
    assert code == 1 and wandb.Api().run(run.path).id == run.id
    code, out, _ = called(capsys, "rm", run.path, "--yes", "--json")
    assert (code, json.loads(out)) == (0, {"deleted": run.path})
    assert len(wandb.Api().runs()) == 0


def test_errors_are_one_line(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = called(capsys, "show", "no/such/run")
    assert code == 1
    assert err.startswith("lossboard: ") and err.count("\n") == 1
    code, _, err = called(capsys, "ls", "--server", "http://127.0.0.1:9")
    assert code == 1 and "lossboard serve" in err


def test_run_needs_a_script_that_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert called(capsys, "run")[0] == 2
    assert called(capsys, "run", "--help")[0] == 0
    code, _, err = called(capsys, "run", "nothing.py")
    assert code == 2 and "there is no script or command 'nothing.py'" in err


def test_sync_says_what_became_of_each_spool(
    project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with wandb.init(mode="offline") as run:
        run.log({"x": 1})
    code, _, err = called(capsys, "sync")
    assert code == 0 and "Delivered 1 run\n" in err
    assert "Nothing to deliver" in called(capsys, "sync")[2]
    assert wandb.Api().run(run.path).lastHistoryStep == 0


def test_sync_prints_json(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    wandb.init(mode="offline").finish()
    code, out, err = called(capsys, "sync", "--json")
    report = json.loads(out)
    assert (code, err, len(report.pop("delivered"))) == (0, "", 1)
    nothing: dict[str, Any] = {"skipped": [], "failed": {}, "deleted": [], "discarded": []}
    assert report == {**nothing, "rejected": 0, "damaged": {}, "missing": 0}


def test_sync_says_once_what_it_could_not_deliver_and_why(
    project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wandb.init(mode="offline").finish()
    code, _, err = called(capsys, "sync", "--server", "http://127.0.0.1:9")
    (line,) = err.splitlines()
    assert code == 1 and line.startswith("Kept ") and line.endswith("Connection refused")


def test_sync_delivers_to_the_server_that_the_environment_names(
    project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    away = {"base_url": "http://127.0.0.1:9", "finish_timeout": 0.1}
    run = wandb.init(settings=away)
    run.finish()
    assert called(capsys, "sync")[0] == 0
    assert wandb.Api().run(run.path).state == "finished"


def test_spools_of_deleted_runs_are_counted_and_removed_when_told(
    project: str, server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run = wandb.init(mode="offline", id="gone")
    run.finish()
    kept = Path(shutil.copytree("wandb", "again", symlinks=True))
    assert called(capsys, "sync")[0] == 0
    wandb.Api().run(f"{project}/gone").delete()
    code, _, err = called(capsys, "sync", str(kept))
    assert (code, err.count("\n")) == (0, 1)
    assert "Kept 1 run deleted on the server" in err
    assert waiting_spools(kept) == [], "no hint asks to deliver it"
    code, _, err = called(capsys, "sync", str(kept), "--discard-deleted")
    assert (code, err) == (0, "Removed 1 deleted run\n")
    assert "Nothing to deliver" in called(capsys, "sync", str(kept))[2]


def test_serve_names_what_was_not_delivered_before_it_starts(
    offline: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with wandb.init(dir=offline / "with space") as run:
        run.log({"x": 1})
    monkeypatch.chdir(offline / "with space")
    points = lambda **wanted: [Point("serve")]  # noqa: E731
    monkeypatch.setattr("lossboard.cli.entry_points", points)
    code, out, err = called(capsys, "serve")
    assert (code, out) == (0, "")
    folder = f"'{offline}/with space/wandb'"
    assert err == f"lossboard: 1 earlier run is not delivered yet. Run: lossboard sync {folder}\n"
    assert called(capsys, "serve", "--help") == (1, "", "")


class Point:
    """What an installed entry point looks like, for a command that ends with the number of its
    arguments."""

    def __init__(self, name: str = "count") -> None:
        self.name = name

    def load(self) -> Any:
        return len


def test_commands_of_other_packages_are_found_and_get_their_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def points(**wanted: str) -> Any:
        assert wanted.pop("group") == "lossboard.commands"
        return [Point()] if wanted in ({}, {"name": "count"}) else []

    monkeypatch.setattr("lossboard.cli.entry_points", points)
    assert called(capsys, "count", "--a", "-h", "b")[0] == 3
    assert "see lossboard count --help" in called(capsys, "--help")[1]
    assert called(capsys, "nothing")[0] == 2


def test_the_server_registers_its_commands() -> None:
    installed = {point.name for point in entry_points(group="lossboard.commands")}
    if not installed:
        pytest.skip("lossboard is not installed here, only importable")
    assert {"serve", "demo"} <= installed


def test_help_says_what_each_command_does_without_importing_the_server(script: Any) -> None:
    done = script(
        "import sys; from lossboard.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print([m for m in sys.modules if m.startswith('lossboard_server')])"
    )
    assert done.stdout.splitlines()[-1] == "[]"
    if "serve" not in {point.name for point in entry_points(group="lossboard.commands")}:
        pytest.skip("lossboard is not installed here, only importable")
    assert re.search(r"serve +Serve the dashboard", done.stdout)
    assert re.search(r"demo +Serve a dashboard and train", done.stdout)


def test_ls_and_show_quote_addresses_and_escape_control_characters(
    project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with wandb.init(project=f"{project} ü", id="a b", name="red \x1b[31m") as run:
        run.log({"lo\x1bss": 1})
    url = json.loads(called(capsys, "show", run.path, "--json")[1])["url"]
    assert url.endswith(f"/local/{project}%20%C3%BC/runs/a%20b")
    projects = json.loads(called(capsys, "ls", "--json")[1])
    assert url.startswith([p["url"] for p in projects if p["project"].endswith("ü")][0] + "/")
    for command in (["ls", f"{project} ü"], ["show", run.path]):
        out = called(capsys, *command)[1]
        assert "\x1b" not in out and r"red \x1b[31m" in out
    assert r"summary.lo\x1bss" in out
