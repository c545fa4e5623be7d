"""Records that a client sends and a server stores: the one definition of the native wire format.

A writer (one process logging to one run) sends an ordered sequence of records, numbered from 0.
The body of `POST /api/ingest/{writer}/{seq}` is one `Record` as MessagePack; the same bytes lie
in the client's spool and in the server's tail. Records are columnar: n rows share one column of
steps and one of times, and every key has one column of values.

Units: steps are integers of any sign; `*_us` are microseconds since the epoch; binary columns are
little-endian arrays of the stated type without a header.

Non-finite numbers travel as IEEE 754 wherever a float stands. In JSON answers of the server they
are the strings "NaN", "Infinity" and "-Infinity"; no other encoder may see them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

__all__ = [
    "COUNT_TYPES",
    "EXACT_INT_LIMIT",
    "SUPPORTED_VERSIONS",
    "TYPE_FLOAT",
    "TYPE_INT",
    "WIRE_VERSION",
    "Alert",
    "ArtifactEntry",
    "ArtifactPart",
    "Column",
    "ConsoleLine",
    "Exit",
    "FileEntry",
    "HistogramColumn",
    "HistogramData",
    "HistogramFlag",
    "JsonColumn",
    "LoggedArtifact",
    "MetricDefinition",
    "Notice",
    "Record",
    "Rows",
    "RunFields",
    "RunStart",
    "TensorPart",
    "UsedArtifact",
    "WireError",
    "decode_record",
    "encode_record",
    "ints_restored",
    "storable_int",
    "storable_ints",
]

WIRE_VERSION: Final = 1
SUPPORTED_VERSIONS: Final = (1,)  # a server takes the last two versions

TYPE_FLOAT: Final = 0
TYPE_INT: Final = 1
EXACT_INT_LIMIT: Final = 2**53  # ints up to this size are exact in float64; larger ones are JSON

COUNT_TYPES: Final = ("<u1", "<u2", "<u4", "<u8", "<f8")  # HistogramData.count_type indexes this


class WireError(ValueError):
    """A record that this version of lossboard can't read, with the reason."""


class HistogramFlag:
    """Bits of `HistogramData.flags`."""

    PARTIAL_EVENT: Final = 1  # the backward pass of this watch event raised before its end
    MAGNITUDE_SAMPLED: Final = 2  # magnitude histogram from strided samples, scaled to n
    USER_BINS: Final = 4  # made by the user: n, sum and squares are estimated from bins


class Column(msgspec.Struct, array_like=True, frozen=True):
    """The numbers of one key.

    `numbers` is float64[m]. `rows` is uint32[m], the row of each number, or empty when m is the
    number of rows. `types` is empty when all are floats, one byte when all share that type code,
    else one byte per number: 5 logged as an int never comes back as 5.0.
    `path` holds the keys of a nested dict whose dotted form is `key`; empty for a plain key.
    """

    key: str
    numbers: bytes
    types: bytes = b""
    rows: bytes = b""
    path: tuple[str, ...] = ()


class JsonColumn(msgspec.Struct, array_like=True, frozen=True):
    """The values of one key that are not numbers of float64: strings, bools, None, lists, dicts
    (media among them) and ints beyond 2**53. A key may have both a Column and a JsonColumn.

    Ints beyond 64 bits, which MessagePack has no type for, are {"_type": "int", "value": "..."}.
    """

    key: str
    values: list[Any]
    rows: bytes = b""
    path: tuple[str, ...] = ()


class Rows(msgspec.Struct, array_like=True, frozen=True):
    """Committed history rows in order of arrival: `steps` int64[n], `times_us` int64[n].

    A row without any value is a row all the same: it has a step and a time.
    """

    steps: bytes
    times_us: bytes
    columns: list[Column] = []
    json_columns: list[JsonColumn] = []


class TensorPart(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The part of a tensor that one of the `ranks` processes that train a model together counted.

    `part` is its number among the `parts` that make up the tensor: processes that have the same
    one hold the same values. -1: it is a whole tensor of this process, and nobody knows whether
    the others hold the same. `held` of `whole` are rows, columns or values, as `unit` says (0, 1,
    2). The whole tensor has `values` values. `gradient` says which gradient it is: 0 none, or not
    known; 1 raw and local, of this process's own batch; 2 as the optimizer gets it, averaged over
    processes and accumulated; 3 raw, and a term of the sum over processes.
    """

    rank: int
    ranks: int
    part: int = -1
    parts: int = 1
    held: int = 0
    whole: int = 0
    unit: int = 0
    values: int = 0
    gradient: int = 0


class HistogramData(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One histogram.

    `lo` and `hi` are the exact finite minimum and maximum of the values (first and last edge for
    user-made bins); `counts` are 1 to 512 bins of COUNT_TYPES[count_type] over equal parts of
    [lo, hi], or over `edges` (float64[bins + 1]) where that is not empty. Constant values make
    one bin with lo == hi. No finite value at all: counts empty, lo = hi = 0.0.
    `n` is the number of finite values; the non-finite ones are counted apart; zeros are in n.
    `total` and `squares` are the sum and the sum of squares of the finite values.

    The magnitude histogram counts the non-zero finite values by sign, binary exponent and two
    mantissa bits: for |x| = 2**e * (1 + f), f in [0, 1), the key is
    sign(x) * (4 * (e + 1100) + floor(4 * f) + 1), ascending as the values are.
    `magnitude_keys` is int16[k] ascending, `magnitude_counts` uint64[k]; both empty: not there.

    `part` is there where several processes train the model.
    """

    lo: float
    hi: float
    counts: bytes
    count_type: int
    n: float
    edges: bytes = b""
    nan: int = 0
    pos_inf: int = 0
    neg_inf: int = 0
    zeros: int = 0
    total: float = 0.0
    squares: float = 0.0
    magnitude_keys: bytes = b""
    magnitude_counts: bytes = b""
    flags: int = 0
    part: TensorPart | None = None


class HistogramColumn(msgspec.Struct, array_like=True, frozen=True):
    """n histograms of one key in order of arrival.

    `steps` and `times_us` are int64[n]. `batches` is int64[n], the number of training backwards
    the watched model had seen, or empty for histograms that were logged and not watched.
    """

    key: str
    steps: bytes
    times_us: bytes
    histograms: list[HistogramData]
    batches: bytes = b""
    path: tuple[str, ...] = ()


class RunStart(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who writes. It is in record 0 of every writer, and again in the first record after a gap.

    `opens` says which attempt the writer belongs to: `fresh` and `resume` open one of this run,
    `rewind` one that continues this run after `cut_step`, `fork` one that continues
    `parent_run_id` after `cut_step`; `join` is one more writer (child process, rank) of the run's
    latest attempt, opening one only if there is none.

    Of several writers: `label` and `rank` name this one, `primary` says whether it speaks for them
    (name, config, host; None: nobody said), `must_end` whether the run has not ended before it
    has. `launch` is the same for all processes of one launch, and another for each relaunch.
    """

    entity: str
    project: str
    run_id: str
    started_us: int
    opens: Literal["fresh", "resume", "rewind", "fork", "join"] = "fresh"
    parent_run_id: str = ""
    cut_step: int = 0
    name: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    group: str = ""
    job_type: str = ""
    config: dict[str, Any] = {}
    metadata: dict[str, Any] = {}  # host, pid, python, program, args, rank, world_size, git, ...
    label: str = ""
    rank: int | None = None
    primary: bool | None = None
    must_end: bool = True
    launch: str = ""

    def said(self, text: str) -> str:
        """The text of a notice, with the writer that says it where there are several."""
        return f"{self.label}: {text}" if self.label else text


class MetricDefinition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One define_metric call, merged: `name` may end in `*`; `summary` holds operations."""

    name: str
    step_metric: str = ""
    step_sync: bool = False
    hidden: bool = False
    summary: tuple[str, ...] = ()
    goal: Literal["", "minimize", "maximize"] = ""


class RunFields(msgspec.Struct, frozen=True, omit_defaults=True):
    """Changed descriptive fields of a run; None leaves a field as it is."""

    name: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] | None = None
    group: str | None = None
    job_type: str | None = None


class ConsoleLine(msgspec.Struct, array_like=True, frozen=True):
    """A line of output; a line sent again with the same number replaces it (progress bars)."""

    number: int
    stream: Literal["stdout", "stderr"]
    time_us: int
    text: str


class FileEntry(msgspec.Struct, array_like=True, frozen=True):
    """A name in the run for a blob that was, or will be, uploaded by its SHA-256 (hex)."""

    name: str
    sha256: str
    size_bytes: int
    time_us: int
    mime_type: str = "application/octet-stream"


class LoggedArtifact(msgspec.Struct, frozen=True, omit_defaults=True):
    """A directory of files that becomes a version of the collection `name` of the run's project.

    It is PENDING until all of its `entry_count` entries came, in `ArtifactPart`s of this record
    or later ones, and all their blobs were uploaded; only then it is a version. `client_id` names
    it: 32 hex digits made from project, name and digest, so that the same content is the same
    artifact whoever logs it. `digest` is the hex MD5 of the manifest, as W&B computes it.
    """

    client_id: str
    name: str
    type: str
    digest: str
    entry_count: int
    sequence_client_id: str = ""
    description: str = ""
    metadata: dict[str, Any] = {}
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    history_step: int | None = None
    produced: bool = True  # by the run; False for one that it only takes as input


class ArtifactEntry(msgspec.Struct, array_like=True, frozen=True):
    """A file of an artifact: `digest` is its base64 MD5, or the digest of the `reference` that
    stands for it; `sha256` (hex) names its blob and is empty for references."""

    path: str
    digest: str
    size_bytes: int
    sha256: str = ""
    reference: str = ""


class ArtifactPart(msgspec.Struct, array_like=True, frozen=True):
    """Some entries of the artifact `client_id`."""

    client_id: str
    entries: list[ArtifactEntry]


class UsedArtifact(msgspec.Struct, frozen=True, omit_defaults=True):
    """The run takes an artifact as input: by the server's number, or by `client_id`."""

    artifact_id: int = 0
    client_id: str = ""


class Alert(msgspec.Struct, frozen=True, omit_defaults=True):
    """run.alert(); `step` is the one that the run had come to, where it is known."""

    title: str
    text: str
    time_us: int
    level: Literal["INFO", "WARN", "ERROR"] = "INFO"
    step: int | None = None


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something the client wants seen in the run: time waited, records dropped or rejected, ...

    Notices of one kind add up: the server keeps the sum of `amount` and the last `text`.
    """

    kind: str
    text: str
    time_us: int
    amount: float = 1.0


class Exit(msgspec.Struct, frozen=True, omit_defaults=True):
    """The end of the run as this writer saw it; 0 is success."""

    code: int
    time_us: int
    preempting: bool = False


class Record(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One numbered unit of what a writer sends; everything but `version` may be absent.

    `missing` counts the records just before this one that the client no longer has.
    `config` and `summary` are values set since the last record (whole values by top-level key);
    the `removed_*` lists name deleted keys. `whole_summary_us` says that `summary` is all of it,
    and is the time of the last row in it. `metadata` adds to that of `start`. `system` holds rows
    of system metrics, with `steps` counting samples. `preempting` says that the machine is about to
    be taken away: an end without an exit code is no crash then.
    """

    version: int  # no default: a default would be left out of the bytes
    start: RunStart | None = None
    missing: int = 0
    rows: Rows | None = None
    histograms: list[HistogramColumn] = []
    system: Rows | None = None
    config: dict[str, Any] = {}
    removed_config: list[str] = []
    summary: dict[str, Any] = {}
    removed_summary: list[str] = []
    whole_summary_us: int | None = None
    metadata: dict[str, Any] = {}
    metrics: list[MetricDefinition] = []
    fields: RunFields | None = None
    console: list[ConsoleLine] = []
    files: list[FileEntry] = []
    artifacts: list[LoggedArtifact] = []
    artifact_parts: list[ArtifactPart] = []
    used_artifacts: list[UsedArtifact] = []
    alerts: list[Alert] = []
    notices: list[Notice] = []
    preempting: bool = False
    exit: Exit | None = None


class _Envelope(msgspec.Struct):
    version: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)
_envelope_decoder = msgspec.msgpack.Decoder(_Envelope)


def encode_record(record: Record) -> bytes:
    """MessagePack bytes of the record, as they lie in spool and tail."""
    return _encoder.encode(record)


def decode_record(payload: bytes | bytearray) -> Record:
    """The record in `payload`.

    Raises WireError for bytes that are no record and for versions not in SUPPORTED_VERSIONS.
    """
    try:
        version = _envelope_decoder.decode(payload).version
        if version not in SUPPORTED_VERSIONS:
            raise WireError(
                f"record has wire version {version}, this lossboard reads {SUPPORTED_VERSIONS}:"
                " use the same lossboard version for training and server"
            )
        return _decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise WireError(f"not a lossboard record: {error}") from error


_INT64_MIN, _UINT64_MAX = -(2**63), 2**64 - 1  # what MessagePack has types for


def storable_int(value: int) -> Any:
    """The int, or what stands for one beyond 64 bits. Raises TypeError for one that is too long
    for Python to write."""
    if _INT64_MIN <= value <= _UINT64_MAX:
        return value
    try:
        return {"_type": "int", "value": str(value)}
    except ValueError as error:
        raise TypeError(f"an int of {value.bit_length():,} bits can't be stored") from error


def storable_ints(value: Any) -> Any:
    """Plain data with the ints of it as `storable_int` has them."""
    if type(value) is int:
        return storable_int(value)
    return _with_each(storable_ints, value)


def ints_restored(value: Any) -> Any:
    """The data that `storable_ints` was given."""
    if type(value) is dict and value.get("_type") == "int":
        return _int_of(value.get("value"), value)
    return _with_each(ints_restored, value)


def _int_of(text: Any, otherwise: Any) -> Any:
    """The int that `storable_int` wrote as `text`; another value was logged as it is."""
    try:
        number = int(text) if isinstance(text, str) else None
    except ValueError:
        return otherwise
    return number if str(number) == text else otherwise


def _with_each(change: Callable[[Any], Any], value: Any) -> Any:
    if type(value) is dict:
        return {key: change(item) for key, item in value.items()}
    return [change(item) for item in value] if type(value) is list else value
