/** The runs and keys of one project, kept fresh while the page is open. */

import { batch, computed, signal } from '@preact/signals';
import { ApiError, getCatalogue, getRun, listRuns } from '../api/client';
import type { Catalogue, Key, MetricDefinition, MetricDefinitions, Run } from '../api/types';
import { type Dirty, onDirty } from './refresh';

const PAGE = 1000;
/** More changed runs than this are cheaper to read as a list. */
const SINGLE_READS = 4;

export type LoadState = 'loading' | 'ready' | { error: string; missing: boolean };

export function loadError(error: unknown): LoadState {
  if (!(error instanceof ApiError)) throw error;
  return { error: error.message, missing: error.status === 404 };
}

export class ProjectStore {
  readonly runs = signal<Run[]>([]);
  readonly total = signal(0);
  readonly catalogue = signal<Catalogue>({ keys: [], metrics: {} });
  readonly state = signal<LoadState>('loading');
  readonly byUid = computed(() => new Map(this.runs.value.map((run) => [run.uid, run])));
  readonly running = computed(() => this.runs.value.filter((r) => r.state === 'running').length);
  private readonly refreshers = new Set<(dirty: Dirty) => void>();
  private stop: (() => void) | null = null;
  /** Version of the store that the list of runs was read at. */
  private version = -1;

  constructor(
    readonly entity: string,
    readonly project: string,
  ) {}

  start(): void {
    this.stop = onDirty(`${this.entity}/${this.project}`, (dirty) => this.refresh(dirty));
    void this.load();
  }

  dispose(): void {
    this.stop?.();
  }

  /** Calls back with what changed, after runs and keys are fresh; returns how to stop. */
  onRefresh(refresher: (dirty: Dirty) => void): () => void {
    this.refreshers.add(refresher);
    return () => this.refreshers.delete(refresher);
  }

  async load(): Promise<void> {
    try {
      await Promise.all([this.loadRuns(), this.loadKeys()]);
      this.state.value = 'ready';
    } catch (error) {
      this.state.value = loadError(error);
    }
  }

  /** Takes a run off the list at once; the next news of it read the list again. */
  drop(uid: number): void {
    this.runs.value = this.runs.peek().filter((run) => run.uid !== uid);
    this.total.value = this.runs.peek().length;
  }

  private async loadRuns(): Promise<void> {
    const runs: Run[] = [];
    for (let total = 1; runs.length < total; ) {
      const page = await listRuns(this.entity, this.project, runs.length, PAGE);
      this.version = page.version;
      runs.push(...page.runs);
      total = page.runs.length > 0 ? page.total : 0;
    }
    batch(() => {
      this.runs.value = runs;
      this.total.value = runs.length;
    });
  }

  private async loadKeys(): Promise<void> {
    this.catalogue.value = await getCatalogue(this.entity, this.project);
  }

  private async refresh(dirty: Dirty): Promise<void> {
    try {
      const before = this.version;
      await this.refreshRuns(dirty);
      if (dirty.all && this.version === before && this.state.peek() === 'ready') return;
      if (hasNewData(dirty)) await this.loadKeys();
      for (const refresher of this.refreshers) refresher(dirty);
      this.state.value = 'ready';
    } catch (error) {
      const failed = loadError(error);
      if (this.state.peek() !== 'ready') this.state.value = failed;
    }
  }

  private async refreshRuns(dirty: Dirty): Promise<void> {
    const known = [...dirty.runs.keys()].map((uid) => this.byUid.peek().get(uid));
    if (dirty.all || known.length > SINGLE_READS || known.includes(undefined)) {
      return this.loadRuns();
    }
    const fresh = await this.readRuns(known as Run[]);
    if (!fresh) return this.loadRuns();
    const byUid = new Map(fresh.map((run) => [run.uid, run]));
    this.runs.value = this.runs.peek().map((run) => byUid.get(run.uid) ?? run);
  }

  /** Null if one of them is gone. */
  private async readRuns(runs: Run[]): Promise<Run[] | null> {
    try {
      return await Promise.all(runs.map((r) => getRun(this.entity, this.project, r.run_id)));
    } catch (error) {
      if (error instanceof ApiError && [404, 410].includes(error.status)) return null;
      throw error;
    }
  }
}

/** Output and notes change no key. */
function hasNewData({ all, runs }: Dirty): boolean {
  return all || [...runs.values()].some((what) => what.has('rows') || what.has('histograms'));
}

function matches(pattern: string, key: string): boolean {
  return pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : pattern === key;
}

/** The define_metric call that is meant for a key: the exact name before the longest glob. */
export function definitionOf(definitions: MetricDefinitions, key: string): MetricDefinition | null {
  const fitting = Object.entries(definitions).filter(([name]) => matches(name, key));
  fitting.sort(([a], [b]) => b.length - a.length);
  const exact = fitting.find(([name]) => name === key);
  return (exact ?? fitting[0])?.[1] ?? null;
}

/** The metric that define_metric made the x-axis of a key, in any of its runs. */
export function stepMetricOf(catalogue: Catalogue, key: Key): string | null {
  for (const uid of key.runs) {
    const found = definitionOf(catalogue.metrics[uid] ?? {}, key.key)?.step_metric;
    if (found && found !== key.key) return found;
  }
  return null;
}

export function isHidden(catalogue: Catalogue, key: Key): boolean {
  return key.runs.some((uid) => definitionOf(catalogue.metrics[uid] ?? {}, key.key)?.hidden);
}
