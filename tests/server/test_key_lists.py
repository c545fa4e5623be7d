"""The keys of runs as a project lists them."""

from __future__ import annotations

import json
import secrets
from typing import Any


def test_the_catalogue_follows_every_row(server: Any, writer_of: Any, rows_of: Any) -> None:
    project = f"keys-{secrets.token_hex(4)}"
    one, two = (writer_of(server, project=project, run_id=name) for name in ("one", "two"))
    path = f"/api/projects/local/{project}/keys"
    seen = []
    for step, writer in enumerate([one, two, one]):
        writer.send(rows=rows_of([step], loss=[1.0])).raise_for_status()
        (key,) = one.http.get(path).json()["keys"]
        seen.append((len(key["runs"]), key["n"], key["max_step"]))
        assert one.http.get(path).json()["keys"] == [key], "an answer changes nothing"
    assert seen == [(1, 1, 0), (2, 2, 1), (2, 3, 2)]
    (part,) = one.http.get(path, params={"runs": key["runs"][1]}).json()["keys"]
    assert (part["runs"], part["n"]) == ([key["runs"][1]], 1)


def test_the_short_list_of_keys_says_the_same_with_what_they_share_once(
    server: Any, writer_of: Any, rows_of: Any
) -> None:
    project = f"short-{secrets.token_hex(4)}"
    writer = writer_of(server, project=project, run_id="one")
    names = [f"layers.{i}.experts.{j}.weight" for i in range(3) for j in range(40)]
    others = ["", "äöü/😀 eins", "äöü/😀 zwei", "äöü/😁"]
    writer.send(rows=rows_of([0], **{name: [1.0] for name in [*names, *others]}))
    writer.send(rows=rows_of([1, 2], loss=[1.0, 2.0]))
    path = f"/api/projects/local/{project}/keys"
    keys = writer.http.get(path).json()["keys"]
    answer = writer.http.get(path, params={"form": "short"}).json()["keys"]
    assert listed(answer) == [tuple(key[field] for field in ("key", *FACTS)) for key in keys]
    assert len(answer["facts"]) == 2
    assert len(json.dumps(answer)) < len(json.dumps(keys)) / 5
    known = {"form": "short", "known": answer["tag"]}
    writer.send(rows=rows_of([3], loss=[1.0]))
    later = writer.http.get(path, params=known).json()["keys"]
    assert later["names"] is None, "they are known"
    assert later["facts"][-1][3] == 3
    writer.send(rows=rows_of([3], accuracy=[1.0]))
    assert "accuracy" in writer.http.get(path, params=known).json()["keys"]["names"]["rest"]


FACTS = ("kind", "runs", "min_step", "max_step", "min_us", "max_us", "watched", "media")


def listed(answer: Any) -> list[tuple[Any, ...]]:
    """The keys of a short list, each with its facts."""
    names, before = [], ""
    for shared, rest in zip(answer["names"]["shared"], answer["names"]["rest"], strict=True):
        before = before[:shared] + rest
        names.append(before)
    places = zip(answer["of"][::2], answer["of"][1::2], strict=True)
    facts = [answer["facts"][place] for place, count in places for _ in range(count)]
    return [(name, *own) for name, own in zip(names, facts, strict=True)]
