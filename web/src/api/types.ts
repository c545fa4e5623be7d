/** The answers of the server, as docs/http_api.md states them. */

import type { Grid, SeriesAnswer, SeriesColumns } from '../math/buckets';
import type { JsonObject } from '../model/json';
import type { TensorPart } from '../model/types';

export type RunState = 'running' | 'finished' | 'failed' | 'crashed' | 'killed' | 'preempting';

export interface Project {
  entity: string;
  name: string;
  created_us: number;
  last_activity_us: number;
  runs: number;
  states: Partial<Record<RunState, number>>;
  sparkline: { key: string; values: number[] } | null;
  settings: JsonObject;
  description: string;
}

/** `revision` changes with what it holds. */
export interface SavedView {
  name: string;
  params: Record<string, string>;
  revision: string;
}

export interface Run {
  uid: number;
  run_id: string;
  entity: string;
  project: string;
  name: string;
  state: RunState;
  slot: number;
  color: string | null;
  created_us: number;
  started_us: number;
  ended_us: number | null;
  heartbeat_us: number | null;
  runtime_secs: number;
  last_step: number | null;
  exit_code: number | null;
  tags: string[];
  notes: string;
  group: string;
  job_type: string;
  host: string;
  /** Among the processes of a launcher; null without one. */
  rank: number | null;
  /** The scheduler's job. */
  job: string;
  /** What the ranks of one launch share; empty without a launcher of several. */
  launch: string;
  config: JsonObject;
  summary: JsonObject;
  version: number;
  generation: number;
  stop_requested: boolean;
}

export interface MetricDefinition {
  name: string;
  step_metric?: string;
  step_sync?: boolean;
  hidden?: boolean;
  summary?: string[];
  goal?: '' | 'minimize' | 'maximize';
}

export type MetricDefinitions = Record<string, MetricDefinition>;

export interface Notice {
  kind: string;
  text: string;
  amount: number;
  time_us: number;
}

/** An alert of one of the runs of a project. */
export interface ProjectAlert extends Alert {
  id: number;
  run: number;
  run_id: string;
  name: string;
}

export interface Alert {
  title: string;
  text: string;
  level: 'INFO' | 'WARN' | 'ERROR';
  time_us: number;
  /** That the run had come to, where that is known. */
  step: number | null;
}

/** A search over parameters, of the official client. */
export interface Sweep {
  name: string;
  display_name: string;
  /** YAML. */
  config: string;
  state: string;
  /** Parameter sets that agents were handed. */
  given: number;
  created_us: number;
  runs: number[];
}

/** One start of a training: a process, or all its ranks. */
export interface Launch {
  number: number;
  opened_us: number;
  ended_us: number | null;
  state: RunState;
  hosts: string[];
  writers: string[];
}

/** A process that wrote the run; `ended` is one that nobody waited for. */
export interface Writer {
  writer: string;
  launch: number;
  label: string;
  rank: number | null;
  host: string;
  pid: number | null;
  primary: boolean;
  must_end: boolean;
  state: RunState | 'ended';
  heard_us: number;
  ended_us: number | null;
  exit_code: number | null;
}

export interface RunDetail extends Run {
  metadata: JsonObject;
  metrics: MetricDefinitions;
  notices: Notice[];
  alerts: Alert[];
  launches: Launch[];
  writers: Writer[];
  ending: { text: string; time_us: number } | null;
}

export type KeyKind = 'scalar' | 'histogram' | 'json' | 'system';

export interface Key {
  key: string;
  kind: KeyKind;
  path: string[];
  runs: number[];
  min_step: number;
  max_step: number;
  min_us: number;
  max_us: number;
  watched: boolean;
  media: string | null;
}

export interface Catalogue {
  keys: Key[];
  metrics: Record<string, MetricDefinitions>;
}

export type { Grid, SeriesAnswer, SeriesColumns };

export interface SeriesRequest {
  runs: number[];
  keys: string[];
  kind: 'scalar' | 'system';
  x: string;
  x0: number | null;
  x1: number | null;
  buckets: number;
  since: Record<string, { generation: number; from: number }> | null;
}

export interface SeriesResponse {
  grid: Grid;
  series: SeriesAnswer[];
  version: number;
}

export interface HistogramAnswer {
  run: number;
  key: string;
  n: number;
  in_window: number;
  stride: number;
  generation: number;
  columns: Record<string, Float64Array>;
  /** Blocks that can't be read: their events are missing. */
  damaged: number;
}

export interface HistogramRequest {
  runs: number[];
  keys: string[];
  x0: number | null;
  x1: number | null;
  limit: number;
  magnitude: boolean;
  ordinals: [number, number] | null;
}

export interface TensorColumns {
  bucket: Float64Array;
  events: Float64Array;
  n: Float64Array;
  nan: Float64Array;
  pos_inf: Float64Array;
  neg_inf: Float64Array;
  zeros: Float64Array;
  total: Float64Array;
  squares: Float64Array;
  lo: Float64Array;
  hi: Float64Array;
  x_first: Float64Array;
  x_last: Float64Array;
  /** Of the first event with a non-finite value; NaN where there is none. */
  x_bad: Float64Array;
}

export interface Tensor {
  key: string;
  order: number;
  n: number;
  generation: number;
  columns: TensorColumns;
  /** Of the last event; null: of a whole tensor. */
  part: (TensorPart & { counted: number }) | null;
}

export interface TensorRequest {
  run: number;
  prefix: string;
  keys: string[] | null;
  x: string;
  x0: number | null;
  x1: number | null;
  buckets: number;
}

export interface TensorResponse {
  grid: Grid;
  tensors: Tensor[];
}

export interface ConsoleLine {
  number: number;
  stream: 'stdout' | 'stderr';
  time_us: number;
  text: string;
  /** The process that printed it, where several write the run; else empty. */
  writer: string;
}

export interface RunFile {
  name: string;
  sha256: string;
  size_bytes: number;
  mime_type: string;
  time_us: number;
}

export interface Health {
  status: string;
  version: string;
  uptime_secs: number;
  data_dir_free_bytes: number;
  plotly_version: string;
}

export interface Change {
  version: number;
  project: string;
  run: number;
  what: ('rows' | 'histograms' | 'state' | 'meta' | 'console' | 'files' | 'settings')[];
  generation: number;
}

export type LiveMessage =
  | { kind: 'state'; open: boolean }
  | { kind: 'silent'; seconds: number }
  | { kind: 'change'; change: Change }
  | { kind: 'reset' };
