"""Everything that can be put arrives as it was put, and what is put twice counts as stated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lossboard import wire
from lossboard.sending.sender import Sender
from lossboard.sending.undelivered import waiting_spools

END = wire.Exit(3, 9, preempting=True)
Make = Callable[..., Sender]


@pytest.fixture
def sent(tricky: Any, make_sender: Make) -> Callable[[Callable[[Sender], None]], wire.Record]:
    """`sent(puts)` is the record that these puts become."""

    def send(puts: Callable[[Sender], None]) -> wire.Record:
        sender = make_sender(tricky.url, flush_interval_secs=60)
        assert sender.flush(10)
        puts(sender)
        assert sender.finish(END).delivered
        return tricky.all_records()[-1]

    return send


def test_the_first_record_says_who_writes_and_the_last_how_it_ended(
    tricky: Any, make_sender: Make
) -> None:
    make_sender(tricky.url).finish(END)
    first, last = tricky.all_records()[0], tricky.all_records()[-1]
    assert first.start == wire.RunStart("me", "faults", "run1", started_us=1)
    assert last.exit == END


def test_config_and_summary_keep_the_last_value_and_the_last_deletion(sent: Any) -> None:
    def puts(sender: Sender) -> None:
        sender.put_config({"lr": 1, "depth": {"a": [2**70, None]}})
        sender.put_config({"lr": 0.5, "gone": 1})
        sender.put_config({}, ["gone", "other"])
        sender.put_config({"other": "back"})
        sender.put_summary({"loss": float("inf")}, ["old"])

    record = sent(puts)
    assert record.config == {
        "lr": 0.5,
        "depth": {"a": [{"_type": "int", "value": str(2**70)}, None]},
        "other": "back",
    }
    assert record.removed_config == ["gone"]
    assert (record.summary, record.removed_summary) == ({"loss": float("inf")}, ["old"])


def test_fields_metrics_and_console_lines_merge(sent: Any) -> None:
    def puts(sender: Sender) -> None:
        sender.put_fields(wire.RunFields(name="a", tags=("x",)))
        sender.put_fields(wire.RunFields(name="b"))
        sender.put_metric(wire.MetricDefinition("loss"))
        sender.put_metric(wire.MetricDefinition("loss", summary=("min",)))
        sender.put_console([wire.ConsoleLine(1, "stderr", 5, "10%")])
        sender.put_console(
            [wire.ConsoleLine(0, "stdout", 6, "\ud800"), wire.ConsoleLine(1, "stderr", 7, "20%")]
        )

    record = sent(puts)
    assert record.fields == wire.RunFields(name="b", tags=("x",))
    assert record.metrics == [wire.MetricDefinition("loss", summary=("min",))]
    assert [(line.number, line.text) for line in record.console] == [(0, "\\ud800"), (1, "20%")]


def test_notices_of_one_kind_add_up(sent: Any) -> None:
    def puts(sender: Sender) -> None:
        sender.put_notice(wire.Notice("late", "first", 1, amount=2))
        sender.put_notice(wire.Notice("late", "second", 2))
        sender.put_alert(wire.Alert("boom", "it broke", 3, "ERROR"))

    record = sent(puts)
    assert record.notices == [wire.Notice("late", "second", 2, amount=3)]
    assert record.alerts == [wire.Alert("boom", "it broke", 3, "ERROR")]


def test_system_rows_stand_apart_from_history(sent: Any) -> None:
    def puts(sender: Sender) -> None:
        sender.put_system_row(0, 5, {"cpu": 12.5})
        sender.put_row(7, 5, {})

    record = sent(puts)
    assert record.rows == wire.Rows((7).to_bytes(8, "little"), (5).to_bytes(8, "little"))
    assert [column.key for column in record.system.columns] == ["cpu"]


def test_an_offline_run_is_all_in_its_spool(make_sender: Make, tmp_path: Any) -> None:
    sender = make_sender(None)
    sender.put_row(0, 0, {"loss": 1.0})
    assert sender.flush(10)
    report = sender.finish(END)
    assert not report.delivered and report.reason == ""
    assert [spool.directory for spool in waiting_spools(tmp_path)] == [report.spool_dir]


def test_a_file_is_copied_before_put_returns_and_uploaded_once(
    tricky: Any, make_sender: Make, tmp_path: Any
) -> None:
    original = tmp_path / "weights.bin"
    original.write_bytes(b"first")
    sender = make_sender(tricky.url)
    entry = sender.put_file(original, name="weights.bin", time_us=1)
    original.write_bytes(b"second")
    assert sender.flush(10)
    again = sender.put_file(b"first", name="copy.bin", time_us=2)
    assert sender.finish(END).delivered
    assert list(tricky.blobs.values()) == [b"first"]
    assert entry.sha256 == again.sha256 == next(iter(tricky.blobs))
    assert sum(line.startswith("PUT") for line in tricky.requests) == 1
    named = [file for record in tricky.all_records() for file in record.files]
    assert named == [entry, again]
    assert not list(tmp_path.rglob("files"))


def test_a_file_that_is_not_there_raises_at_once(tricky: Any, make_sender: Make) -> None:
    sender = make_sender(tricky.url)
    with pytest.raises(FileNotFoundError):
        sender.put_file(sender.handle.spool_root / "nowhere", name="x", time_us=1)


def test_a_refused_file_is_kept_with_the_servers_words(
    tricky: Any, make_sender: Make, tmp_path: Any, said: list[str]
) -> None:
    tricky.trick = lambda line, body: (
        (413, {"error": {"message": "too big"}}, {}) if line.startswith("PUT") else (0, {}, {})
    )
    sender = make_sender(tricky.url)
    sender.put_file(b"weights", name="weights.bin", time_us=1)
    report = sender.finish(END)
    assert report.delivered and report.rejected == 1
    kept = {path.suffix: path.read_bytes() for path in tmp_path.rglob("rejected/*")}
    assert kept == {"": b"weights", ".txt": b"413: too big\n"}
    assert len(said) == 1 and "too big" in said[0]


def test_a_spawned_process_joins_with_a_writer_of_its_own(tricky: Any, make_sender: Make) -> None:
    sender = make_sender(tricky.url)
    sender.put_config({"lr": 0.1})
    joined = sender.handle.open(lambda text, level: None)
    joined.put_row(0, 0, {"loss": 1.0})
    assert joined.finish(END).delivered and sender.finish(END).delivered
    starts = sorted(records[0].start.opens for records in tricky.records.values())
    assert starts == ["fresh", "join"]
    assert [record.exit for record in tricky.all_records() if record.exit] == [END]
