"""Sealing on a real server: many series of few events, a limit on what waits, ends in the midst."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from sqlalchemy import create_engine, func, select

from lossboard.sending import delivery
from lossboard.sending.interface import SenderOptions
from lossboard.sending.sender import Sender
from lossboard.wire import Exit, HistogramColumn, HistogramData, RunStart
from lossboard_server.database import schema

TENSORS = 600


def event(step: int) -> list[HistogramColumn]:
    """A watch event: one histogram of each tensor, told apart by its number of values."""
    return [histograms(f"gradients/w{tensor}", [step], tensor) for tensor in range(TENSORS)]


def histograms(key: str, steps: list[int], first: int = 0) -> HistogramColumn:
    at = np.array(steps, "<i8").tobytes()
    counts = np.arange(64, dtype="<u8").tobytes()
    events = [HistogramData(0.0, 1.0, counts, 3, float(first + step)) for step in steps]
    return HistogramColumn(key, at, at, events, batches=at)


def waiting(server: Any) -> int:
    """How many records wait in the tails of the stopped or running server."""
    engine = create_engine(f"sqlite:///{server.data_dir / 'lossboard.db'}")
    with engine.connect() as connection:
        count = connection.execute(select(func.count()).select_from(schema.tail)).scalar_one()
    engine.dispose()
    return int(count)


def stored(writer: Any, key: str) -> dict[str, list[float]]:
    """Steps and numbers of values of all events of a tensor, in their order."""
    query = {"runs": [writer.run()["uid"]], "keys": [key], "limit": 100_000}
    answer = writer.http.post("/api/query/histograms", json=query).raise_for_status().json()
    columns = answer["series"][0]["columns"]
    return {name: columns[name] for name in ("ordinal", "step", "n")}


def all_of(count: int, first: int = 0) -> dict[str, list[float]]:
    return {
        "ordinal": list(range(count)),
        "step": list(range(count)),
        "n": [float(first + step) for step in range(count)],
    }


def keys(writer: Any) -> dict[str, dict[str, Any]]:
    path = f"/api/projects/{writer.start.entity}/{writer.start.project}/keys"
    found = writer.http.get(path).raise_for_status().json()["keys"]
    return {facts["key"]: facts for facts in found}


def test_many_tensors_of_few_events_are_sealed_without_a_loss(
    server_factory: Any, writer_of: Any, eventually: Callable[..., None]
) -> None:
    server = server_factory(seal_bytes=500_000)
    writer = writer_of(server)
    for step in range(60):
        writer.send(histograms=event(step)).raise_for_status()
    writer.send(exit=Exit(0, 1)).raise_for_status()
    eventually(lambda: waiting(server) == 0, 60)
    for tensor in (0, 1, TENSORS - 1):
        assert stored(writer, f"gradients/w{tensor}") == all_of(60, tensor)
    assert len(keys(writer)) == TENSORS
    assert {facts["n"] for facts in keys(writer).values()} == {60}


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_a_seal_that_is_interrupted_goes_on_after_the_next_start(
    server_factory: Any,
    writer_of: Any,
    eventually: Callable[..., None],
    sig: signal.Signals,
) -> None:
    server = server_factory()
    writer = writer_of(server)
    for step in range(80):
        writer.send(histograms=event(step)).raise_for_status()
    writer.send(exit=Exit(0, 1)).raise_for_status()
    assert server.stop(sig) in (0, -signal.SIGKILL)
    server.start()
    assert {facts["n"] for facts in keys(writer).values()} == {80}
    eventually(lambda: waiting(server) == 0, 60)
    for tensor in (0, TENSORS - 1):
        assert stored(writer, f"gradients/w{tensor}") == all_of(80, tensor)
    assert {facts["n"] for facts in keys(writer).values()} == {80}


def test_a_stop_doesnt_wait_for_the_seal_of_all_that_waits(
    server_factory: Any, writer_of: Any
) -> None:
    server = server_factory(shutdown_seal_secs=0.01)
    writer = writer_of(server)
    for step in range(80):
        writer.send(histograms=event(step)).raise_for_status()
    writer.send(exit=Exit(0, 1)).raise_for_status()
    assert server.stop() == 0
    assert waiting(server) > 0


def test_past_its_limit_the_tail_takes_no_more_until_some_of_it_is_sealed(
    server_factory: Any, writer_of: Any, eventually: Callable[..., None]
) -> None:
    server = server_factory(tail_limit_bytes=2_000_000)
    writer = writer_of(server)
    refused: list[httpx.Response] = []
    for step in range(40):
        while not (answer := writer.send(histograms=event(step))).is_success:
            refused.append(answer)
            time.sleep(0.05)
    assert {answer.status_code for answer in refused} == {503}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert "wait to be sealed" in refused[0].json()["error"]["message"]
    assert writer.beat().is_success
    assert stored(writer, "gradients/w7") == all_of(40, 7)


def test_a_client_keeps_what_a_full_tail_refuses_and_delivers_all_of_it(
    server_factory: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[int] = []

    def noted(answer: Any, base_url: str) -> delivery.Outcome:
        refused.append(answer.status)
        return verdict_of(answer, base_url)

    verdict_of = delivery.verdict_of
    monkeypatch.setattr(delivery, "verdict_of", noted)
    server = server_factory(tail_limit_bytes=50_000)  # less than one record of this client
    start = RunStart("local", "limits", "r", started_us=1)
    sender = Sender(
        start=start,
        spool_root=tmp_path / "spool",
        base_url=server.base_url,
        options=SenderOptions(flush_interval_secs=0.02, flush_bytes=100_000),
        say=lambda text, level: None,
    )
    one = HistogramData(0.0, 1.0, bytes(8 * 64), 3, 1.0)
    for step in range(30):
        sender.put_event(step, step, step, {("gradients", f"w{t}"): one for t in range(100)})
    assert sender.finish(Exit(0, 1), timeout_secs=100).delivered
    assert set(refused) == {503}
    found = httpx.get(f"{server.base_url}/api/projects/local/limits/keys").json()["keys"]
    assert [facts["n"] for facts in found] == [30] * 100


def test_a_run_that_is_deleted_before_its_seal_holds_up_no_other_and_is_sealed_once_restored(
    server_factory: Any, writer_of: Any, eventually: Callable[..., None]
) -> None:
    server = server_factory(seal_bytes=1 << 30, seal_idle_secs=2)
    writer = writer_of(server)
    for step in range(60):
        writer.send(histograms=event(step)).raise_for_status()
    uid = writer.run()["uid"]
    writer.http.delete(f"/api/runs/{uid}").raise_for_status()
    time.sleep(3)  # it is silent for long enough
    other = writer_of(server)
    other.log(0, 1, exit=Exit(0, 1)).raise_for_status()
    eventually(lambda: waiting(server) == 60)
    writer.http.post(f"/api/runs/{uid}/restore").raise_for_status()
    assert {facts["n"] for facts in keys(writer).values()} == {60}
    assert stored(writer, "gradients/w3") == all_of(60, 3)
    eventually(lambda: waiting(server) == 0, 60)
    assert stored(writer, "gradients/w3") == all_of(60, 3)
    assert {facts["n"] for facts in keys(writer).values()} == {60}


def test_keys_are_the_same_while_records_come_and_after_a_restart(
    server_factory: Any, writer_of: Any
) -> None:
    server = server_factory()
    writer = writer_of(server)
    for step in range(3):
        writer.send(histograms=event(step)).raise_for_status()
        assert {facts["n"] for facts in keys(writer).values()} == {step + 1}
    writer.log(5, 3).raise_for_status()
    running = keys(writer)
    assert (running["loss"]["min_step"], running["loss"]["max_step"]) == (3, 5)
    server.kill()
    server.start()
    assert keys(writer) == running
