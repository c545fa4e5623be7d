"""`init`, `finish`, exit codes, modes, resume, several processes."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lossboard as wandb
from lossboard.errors import Error, UsageError

from .conftest import Script, rows_of, the_run


@pytest.mark.covers("init.project", "init.name", "with init", "log")
def test_what_is_logged_comes_back(project: str) -> None:
    with wandb.init(config={"lr": 0.1}, tags=["a"], notes="n", group="g", job_type="j") as run:
        run.log({"loss": np.float32(0.5), "nested": {"x": 1}, "text": "t"})
        run.log({"loss": float("nan"), "flags": [True, None]})
    assert [row.get("loss") for row in rows_of(run)] == [0.5, pytest.approx(np.nan, nan_ok=True)]
    found = the_run()
    assert (found.config, found.tags, found.notes) == ({"lr": 0.1}, ["a"], "n")
    assert (found.group, found.job_type, found.state) == ("g", "j", "finished")
    assert found.name == run.name and re.fullmatch(r"[a-z]+-[a-z]+-\d+", run.name)
    assert re.fullmatch(r"[a-z0-9]{8}", run.id)


@pytest.mark.covers("log.step")
def test_late_rows_are_kept_and_noticed_and_told_once(
    project: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSBOARD_SILENT", "false")
    with wandb.init() as run:
        for step in (10, 3, 4):
            run.log({"x": step}, step=step)
    assert [row["x"] for row in rows_of(run)] == [3, 4, 10]
    assert capfd.readouterr().err.count("is lower than the current step") == 1
    notices = {notice["kind"]: notice["amount"] for notice in the_run()._detail()["notices"]}
    assert notices == {"late": 2.0}


@pytest.mark.covers("log._timestamp")
def test_a_timestamp_in_the_data_is_the_time_of_the_row(project: str) -> None:
    with wandb.init() as run:
        run.log({"x": 1, "_timestamp": 1_700_000_000.5, "_step": 99, "_runtime": 5})
    (row,) = wandb.Api().run(run.path).scan_history()
    assert (row["_step"], row["_timestamp"], row["x"]) == (0, 1_700_000_000.5, 1)


def test_module_functions_mean_the_current_run(offline: Path) -> None:
    run = wandb.init()
    wandb.log({"loss": 1})
    assert wandb.run is run
    assert wandb.summary["loss"] == 1
    assert wandb.summary["_step"] == 0 and 0 <= wandb.summary["_runtime"] < 60
    assert run.step == 1
    wandb.finish()
    assert wandb.run is None


BEFORE_INIT: list[Any] = [
    lambda: wandb.log({}),
    lambda: wandb.watch(None),
    lambda: wandb.unwatch(),
    lambda: wandb.define_metric("a"),
    lambda: wandb.alert("t", "x"),
    lambda: wandb.config.lr,
    lambda: wandb.config["lr"],
    lambda: setattr(wandb.summary, "x", 1),
    lambda: wandb.summary.update({}),
]


@pytest.mark.covers("before init")
@pytest.mark.parametrize("call", BEFORE_INIT)
def test_before_init_everything_raises_wandbs_error(call: Any) -> None:
    with pytest.raises(Error, match=r"You must call wandb\.init\(\) before wandb\."):
        call()
    assert not hasattr(wandb.config, "_private")
    assert wandb.run is None


@pytest.mark.covers("finish")
def test_finish_twice_is_harmless_and_logging_after_it_a_usage_error(offline: Path) -> None:
    run = wandb.init()
    run.log({"a": 1})
    run.finish()
    run.finish()
    calls: list[Any] = [
        lambda: run.log({"a": 2}),
        lambda: run.config.update({"b": 1}),
        lambda: setattr(run.summary, "b", 1),
        lambda: run.define_metric("a"),
        lambda: run.watch(None),
        lambda: run.step,
    ]
    for call in calls:
        with pytest.raises(UsageError, match=rf"Run \({run.id}\) is finished"):
            call()
    assert run.summary["a"] == 1


def test_of_a_call_with_a_value_that_can_not_be_stored_the_rest_is_kept(project: str) -> None:
    with wandb.init() as run:
        run.log({"good": 1, "bad": object()})
        run.log({"next": 2})
    assert rows_of(run) == [{"_step": 0, "good": 1}, {"_step": 1, "next": 2}]


@pytest.mark.parametrize("kind", [list, dict])
def test_a_value_nested_too_deeply_is_left_out_with_a_warning_and_a_notice(
    project: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: type,
) -> None:
    monkeypatch.setenv("LOSSBOARD_SILENT", "false")
    deep: Any = 1
    for _ in range(3000):
        deep = {"k": deep} if kind is dict else [deep]
    with wandb.init() as run:
        for loss in (0.5, 0.25):
            run.log({"loss": loss, "deep": deep})
        run.config.update({"deep": deep, "lr": 0.1})
        run.summary.update({"deep": deep, "best": 0.25})
    assert dict(run.config) == {"lr": 0.1} and run.summary["best"] == 0.25
    assert capsys.readouterr().err.count("log leaves out a value: ") == 1
    stored = the_run()
    assert [row["loss"] for row in rows_of(run)] == [0.5, 0.25]
    assert "is nested 3000 levels" in stored.notices["dropped values"]


@pytest.mark.covers("init.force")
def test_unknown_keywords_warn_and_known_ones_of_wandb_are_accepted(
    offline: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wandb.init(anonymous=None, force=True, magic=False, colour="red")
    assert "init() does not know colour: ignored" in capsys.readouterr().err


BAD_IDS = ["", " a", "a:b", "a/b", "a#b", "a?b", "a%b", "a\\b", "..", "a\nb", "x" * 257]


@pytest.mark.covers("init.id")
@pytest.mark.parametrize("run_id", BAD_IDS)
def test_ids_that_are_not_allowed_are_told(offline: Path, run_id: str) -> None:
    with pytest.raises(UsageError, match="run id"):
        wandb.init(id=run_id)


@pytest.mark.covers("init.project")
@pytest.mark.parametrize("project", ["a/b", "a#b", "x" * 129, " "])
def test_projects_that_are_not_allowed_are_told(offline: Path, project: str) -> None:
    with pytest.raises(UsageError, match="project name"):
        wandb.init(project=project)


@pytest.mark.covers("init.id")
def test_an_id_may_hold_spaces_and_other_letters(project: str) -> None:
    with wandb.init(id="a b+ü=&$@.c") as run:
        run.log({"x": 1})
    assert the_run().id == "a b+ü=&$@.c"
    assert rows_of(run) == [{"_step": 0, "x": 1}]


@pytest.mark.covers("run.properties")
def test_the_run_knows_its_links_and_path(project: str, server: Any) -> None:
    run = wandb.init(entity="team")
    assert run.path == f"team/{project}/{run.id}"
    assert run.project_url == run.get_project_url() == f"{server.base_url}/team/{project}"
    assert run.url == run.get_url() == f"{run.project_url}/runs/{run.id}"
    assert Path(run.dir).is_dir() and Path(run.dir).name == "files"


@pytest.mark.covers("init.name")
def test_name_notes_and_tags_can_be_changed_and_nothing_else(project: str) -> None:
    with wandb.init(name="first") as run:
        run.name, run.notes, run.tags = "second", "why", ("x", "y")
        with pytest.raises(Exception, match="Attribute colour is not supported on Run object"):
            run.colour = "red"
    found = the_run()
    assert (found.name, found.notes, found.tags) == ("second", "why", ["x", "y"])


@pytest.mark.covers("init.reinit")
def test_a_second_init_returns_the_active_run(offline: Path) -> None:
    run = wandb.init()
    assert wandb.init(project="other") is run
    with pytest.raises(Error, match="resume='must'"):
        wandb.init(id="x", resume="must")


@pytest.mark.covers("init.reinit")
@pytest.mark.parametrize("reinit", [True, "finish_previous"])
def test_a_second_init_can_finish_the_first(offline: Path, reinit: Any) -> None:
    first = wandb.init()
    second = wandb.init(reinit=reinit)
    assert first._home.finished and not second._home.finished
    assert wandb.run is second


@pytest.mark.covers("init.reinit")
def test_runs_can_be_made_side_by_side(offline: Path) -> None:
    first = wandb.init()
    second = wandb.init(reinit="create_new", id="b")
    assert wandb.run is first
    with pytest.raises(Error, match="in use"):
        wandb.init(reinit="create_new", id="b")
    second.finish()
    assert wandb.run is first


@pytest.mark.covers("init.disabled")
def test_a_disabled_run_behaves_and_records_nothing(tmp_path: Path, offline: Path) -> None:
    before = sorted(offline.iterdir())
    run = wandb.init(mode="disabled", config={"lr": 0.1})
    assert isinstance(run, wandb.Run) and wandb.run is run
    run.log({"loss": 1, "nested": {"a": 2}})
    assert run.summary["loss"] == run.summary.loss == 1
    assert run.summary.nested.a == 2
    with pytest.raises(wandb.ConfigError):
        run.config.lr = 0.2
    assert (run.step, run.url, run.project, run.entity) == (0, None, "dummy", "dummy")
    assert run.name == f"dummy-{run.id}" and run.disabled
    run.finish()
    run.log({"loss": 2})
    assert sorted(offline.iterdir()) == before


@pytest.mark.covers("init.offline")
def test_an_offline_run_is_delivered_by_sync(project: str, script: Script) -> None:
    with wandb.init(mode="offline") as run:
        run.log({"x": 1})
    assert run.offline and run.url is None
    assert len(wandb.Api().projects()) == 0 or run.project not in [
        found.name for found in wandb.Api().projects()
    ]
    done = script("from lossboard.cli import main\nmain(['sync'])\n")
    assert done.returncode == 0, done.stderr
    assert rows_of(run) == [{"_step": 0, "x": 1}]


@pytest.mark.covers("init.dir")
def test_the_folder_is_laid_out_as_wandb_does(offline: Path) -> None:
    run = wandb.init(dir=offline / "logs")
    (folder,) = (offline / "logs" / "wandb").glob("offline-run-*")
    assert re.fullmatch(rf"offline-run-\d{{8}}_\d{{6}}-{run.id}", folder.name)
    assert (folder / f"run-{run.id}.wandb").exists()
    assert (offline / "logs" / "wandb" / "latest-run").resolve() == folder.resolve()
    assert Path(run.dir) == folder / "files"


EXITS: list[tuple[str, int, int]] = [
    ("", 0, 0),
    ("raise ValueError('x')", 1, 1),
    ("import sys; sys.exit(3)", 3, 3),
    ("import sys; sys.exit('text')", 1, 1),
    ("import sys; sys.exit()", 0, 0),
    # Python forgets how it was interrupted while a thread is still importing: it ends with 1 then.
    ("run._recorders._described.wait()\nraise KeyboardInterrupt", -2, 255),
    ("run.finish(exit_code=2)", 0, 2),
    ("try:\n    raise ValueError\nfinally:\n    wandb.finish()", 1, 0),
    ("import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start(); t.join()", 0, 0),
    ("with run:\n    raise SystemExit(0)", 0, 1),
    ("with run:\n    pass", 0, 0),
]


@pytest.mark.covers("with init", "finish")
@pytest.mark.parametrize(("ending", "code", "recorded"), EXITS, ids=[e[0][:30] for e in EXITS])
def test_the_exit_code_of_the_run_follows_from_the_end_of_the_process(
    project: str, script: Script, ending: str, code: int, recorded: int
) -> None:
    done = script(f"import lossboard as wandb\nrun = wandb.init()\nrun.log({{'x': 1}})\n{ending}\n")
    found = the_run()
    assert (done.returncode, found.exit_code) == (code, recorded)
    assert found.state == ("failed" if recorded else "finished")


def test_an_excepthook_of_the_program_still_runs(project: str, script: Script) -> None:
    done = script(
        "import sys\nsys.excepthook = lambda *error: print('mine', error[0].__name__)\n"
        "import lossboard as wandb\nwandb.init()\nraise ValueError\n"
    )
    assert done.stdout == "mine ValueError\n"
    assert the_run().exit_code == 1


@pytest.mark.covers("init.dir")
def test_a_run_folder_that_can_not_be_written_is_replaced_by_a_temporary_one(
    offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (offline / "file").write_text("")
    monkeypatch.setenv("TMPDIR", str(offline / "tmp"))
    (offline / "tmp").mkdir()
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", None)
    run = wandb.init(dir=offline / "file")
    assert Path(run.dir).is_relative_to(offline / "tmp")


def test_runs_that_are_not_delivered_are_named_by_the_next_one(
    project: str, capfd: pytest.CaptureFixture[str]
) -> None:
    away = {"base_url": "http://127.0.0.1:9", "finish_timeout": 0.1}
    wandb.init(settings=away).finish()
    wandb.init(settings={"silent": False}).finish()
    hint = r"1 earlier run is not delivered yet\. Run: lossboard sync"
    assert re.search(hint, capfd.readouterr().err)


def test_only_folders_with_something_to_deliver_are_looked_into(
    project: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with wandb.init() as run:
        folder = Path(run.dir).parents[1]
    for number in range(100):  # as delivered runs leave them
        (folder / f"run-20260101_000000-old{number}" / "files").mkdir(parents=True)
    wandb.init(settings={"base_url": "http://127.0.0.1:9", "finish_timeout": 0.1}).finish()
    looked: list[str] = []
    walk = os.walk

    def noted(top: Any, *rest: Any, **named: Any) -> Any:
        looked.append(str(top))
        return walk(top, *rest, **named)

    monkeypatch.setattr(os, "walk", noted)
    wandb.init(settings={"silent": False}).finish()
    assert "not delivered yet" in capfd.readouterr().err
    assert len([path for path in looked if "-old" in path]) == 0 < len(looked)


def test_control_characters_in_keys_and_names_are_shown_and_not_obeyed(
    project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with wandb.init(name="a\x1b[2Jb\u202e", settings={"silent": False}) as run:
        run.log({"lo\x1b]0;title\x07ss\n\r": 1.5, "text": "\x9b31m"})
    err = capsys.readouterr().err
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", err)
    assert r"a\x1b[2Jb\u202e" in err
    assert r"lo\x1b]0;title\x07ss\n\r 1.5" in err and r"text \x9b31m" in err


@pytest.mark.covers("run.status")
def test_status_says_how_much_the_server_has(project: str) -> None:
    with wandb.init() as run:
        run.log({"x": 1})
        assert run.status().sync_items_pending <= run.status().sync_items_total
    status = run.status()
    assert status.sync_items_total > 0 == status.sync_items_pending
    assert status.sync_time is not None and abs(status.sync_time.timestamp() - time.time()) < 60
    with wandb.init(mode="offline") as kept:
        kept.log({"x": 1})
    assert kept.status().sync_items_pending == kept.status().sync_items_total > 0
    assert kept.status().sync_time is None


@pytest.mark.covers("alert")
def test_alerts_reach_the_run_and_not_again_too_soon(project: str) -> None:
    with wandb.init() as run:
        run.alert("Loss", "is high", level="WARN")
        run.alert("Loss", "is high", level="WARN")
        run.alert("Loss", "now", level=wandb.AlertLevel.ERROR, wait_duration=0)
        with pytest.raises(ValueError, match="none of INFO"):
            run.alert("t", "x", level="LOUD")
        with pytest.raises(TypeError, match="seconds or a timedelta"):
            run.alert("t", "x", wait_duration="soon")
    alerts = the_run()._detail()["alerts"]
    assert [(alert["text"], alert["level"]) for alert in alerts] == [
        ("is high", "WARN"),
        ("now", "ERROR"),
    ]


@pytest.mark.covers("mark_preempting")
@pytest.mark.parametrize(("code", "state"), [(1, "preempting"), (0, "finished")])
def test_a_preempted_run_is_not_a_failure(project: str, code: int, state: str) -> None:
    run = wandb.init()
    run.mark_preempting()
    run.finish(exit_code=code)
    assert the_run().state == state


@pytest.mark.covers("mark_preempting")
def test_a_preempted_process_that_is_killed_has_not_crashed(
    project: str, script: Script, server_factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = server_factory(crashed_after_secs=0.5)
    monkeypatch.setenv("LOSSBOARD_BASE_URL", server.base_url)
    script(
        "import lossboard as wandb, os, signal\nrun = wandb.init()\nrun.mark_preempting()\n"
        "run._sender.flush(30)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    while the_run().state == "running":
        time.sleep(0.1)
    assert the_run().state == "preempting"
    server.close()


@pytest.mark.covers("init.group")
def test_group_and_job_type_are_the_runs(project: str) -> None:
    with wandb.init(group="folds", job_type="eval") as run:
        assert (run.group, run.job_type) == ("folds", "eval")
    assert (the_run().group, the_run().job_type) == ("folds", "eval")


@pytest.mark.covers("init.reinit")
@pytest.mark.parametrize(
    ("reinit", "states"),
    [
        (None, ["finished"]),
        (False, ["finished"]),
        ("default", ["finished"]),
        ("return_previous", ["finished"]),
        (True, ["finished", "finished"]),
        ("finish_previous", ["finished", "finished"]),
        ("create_new", ["finished", "finished"]),
    ],
)
def test_every_form_of_reinit_leaves_runs_with_all_they_logged(
    project: str, reinit: Any, states: list[str]
) -> None:
    wandb.init().log({"x": 1})
    wandb.init(reinit=reinit).log({"x": 2})
    wandb.teardown()
    runs = wandb.Api().runs()
    assert [run.state for run in runs] == states
    assert sorted(row["x"] for run in runs for row in run.scan_history(keys=["x"])) == [1, 2]


@pytest.mark.covers("setup")
def test_login_is_true_unless_it_makes_no_sense(offline: Path) -> None:
    assert wandb.login() is False
    wandb.setup({"mode": "online"})
    assert wandb.login(host="http://127.0.0.1:9") is True
    assert wandb.setup().base_url == "http://127.0.0.1:9"
    wandb.teardown()
    assert wandb.setup().base_url != "http://127.0.0.1:9"


def test_watch_stores_every_event_and_says_why_when_there_is_none(project: str) -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(3, 1)
    with wandb.init() as run:
        wandb.watch(model, log="all", log_freq=2)
        for _ in range(7):
            model(torch.ones(2, 3)).sum().backward()
        run.log({"loss": 1})
    events = list(the_run().histograms("gradients/weight"))
    assert [event.batch for event in events] == [2, 4, 6]
    assert events[0].histogram.histogram == [3]


@pytest.mark.covers("init.project")
def test_names_of_projects_come_from_the_repository(tmp_path: Path) -> None:
    from lossboard.identity import default_project

    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "a" / "b").mkdir(parents=True)
    assert default_project(tmp_path / "repo" / "train.py") == "repo"
    assert default_project(tmp_path / "repo" / "a" / "b" / "train.py") == "repo-a_b"
    assert default_project(None) == "uncategorized"


@pytest.mark.covers("stop")
def test_stop_in_the_dashboard_interrupts_the_training(project: str) -> None:
    run = wandb.init()
    run.log({"x": 0})
    run._sender.flush(30)
    the_run()._connection.patch("runs", the_run()._uid, stop_requested=True)
    with pytest.raises(KeyboardInterrupt):
        for step in range(1000):
            run.log({"x": step})
            time.sleep(0.02)
    run.finish(exit_code=255)
    assert the_run().state == "killed"
