/** The runs and keys of one project, kept fresh while the page is open. */

import { computed, signal } from '@preact/signals';
import { ApiError, getCatalogue, listRuns, type RunPage } from '../api/client';
import type { Catalogue, Key, MetricDefinition, MetricDefinitions, Run } from '../api/types';
import { mergedCatalogue } from './catalogue';
import { withPlainKeys } from './layerKeys';
import { type Dirty, onDirty } from './refresh';

const PAGE = 1000;

export type LoadState = 'loading' | 'ready' | { error: string; missing: boolean };

export function loadError(error: unknown): LoadState {
  if (!(error instanceof ApiError)) throw error;
  return { error: error.message, missing: error.status === 404 };
}

export class ProjectStore {
  readonly runs = signal<Run[]>([]);
  readonly total = computed(() => this.runs.value.length);
  readonly catalogue = signal<Catalogue>({ keys: [], metrics: {} });
  readonly state = signal<LoadState>('loading');
  readonly byUid = computed(() => new Map(this.runs.value.map((run) => [run.uid, run])));
  /** Its name of now, where it was asked for by one that it had before. */
  readonly present = signal<readonly [entity: string, project: string] | null>(null);
  readonly running = computed(() => this.runs.value.filter((r) => r.state === 'running').length);
  private readonly refreshers = new Set<(dirty: Dirty) => void>();
  private readonly healers = new Set<() => void>();
  private stop: (() => void) | null = null;
  /** Version of the store that the list of runs was read at. */
  private version = -1;
  /** The reading of everything when the page opens. */
  private first: Promise<void> = Promise.resolve();
  /** Runs that have changed since their keys were read. */
  private readonly staleKeys = new Set<number>();

  constructor(
    readonly entity: string,
    readonly project: string,
  ) {}

  start(): void {
    this.stop = onDirty(`${this.entity}/${this.project}`, (dirty) => this.refresh(dirty));
    this.first = this.load();
  }

  dispose(): void {
    this.stop?.();
  }

  /** Calls back with what changed, after runs and keys are fresh; returns how to stop. */
  onRefresh(refresher: (dirty: Dirty) => void): () => void {
    this.refreshers.add(refresher);
    return () => this.refreshers.delete(refresher);
  }

  /** Calls back when the server may have come back; returns how to stop. */
  onBack(healer: () => void): () => void {
    this.healers.add(healer);
    return () => this.healers.delete(healer);
  }

  async load(): Promise<void> {
    try {
      await Promise.all([this.loadRuns(), this.loadKeys()]);
      this.state.value = 'ready';
    } catch (error) {
      this.state.value = loadError(error);
    }
  }

  /** Takes runs off the list at once; the next news of them read the list again. */
  drop(uids: number[]): void {
    const gone = new Set(uids);
    this.runs.value = this.runs.peek().filter((run) => !gone.has(run.uid));
  }

  private async loadRuns(): Promise<void> {
    this.runs.value = (await this.readRuns(0)).runs;
  }

  /**
   * All runs changed or gone after a version, page by page; `total` counts those that have not
   * changed too.
   */
  private async readRuns(since: number): Promise<Pick<RunPage, 'runs' | 'total' | 'gone'>> {
    const runs = new Map<number, Run>(); // a run that starts meanwhile moves others to the next page
    const gone: number[] = [];
    for (let offset = 0; ; offset += PAGE) {
      const page = await listRuns(this.entity, this.project, { offset, limit: PAGE, since });
      if (offset === 0) {
        this.notePresent(page.project);
        this.version = page.version;
        gone.push(...page.gone);
      }
      for (const run of page.runs) runs.set(run.uid, run);
      if (page.runs.length < PAGE) return { runs: [...runs.values()], total: page.total, gone };
    }
  }

  private notePresent(path: string): void {
    const [entity, project] = path.split('/');
    const same = entity === this.entity && project === this.project;
    this.present.value = same ? null : [entity, project];
  }

  private async loadKeys(): Promise<void> {
    this.catalogue.value = withPlainKeys(await getCatalogue(this.entity, this.project));
  }

  private async refresh(dirty: Dirty): Promise<void> {
    if (!dirty.all && dirty.runs.size === 0 && !dirty.settings) return;
    await this.first; // what it has not read yet would count as changed
    try {
      const changed = await this.refreshRuns();
      for (const { uid } of changed) this.staleKeys.add(uid);
      if (dirty.all) for (const heal of this.healers) heal();
      if (dirty.all && this.staleKeys.size === 0 && this.state.peek() === 'ready') return;
      if (hasNewData(dirty)) await this.refreshKeys();
      for (const refresher of this.refreshers) refresher(dirty);
      this.state.value = 'ready';
    } catch (error) {
      const failed = loadError(error);
      if (this.state.peek() !== 'ready') this.state.value = failed;
    }
  }

  /** Reads what has changed since the last time, all if that does not add up; answers what it read. */
  private async refreshRuns(): Promise<Run[]> {
    if (this.version < 0) {
      await this.loadRuns();
      return this.runs.peek();
    }
    const { runs: changed, total, gone } = await this.readRuns(this.version);
    const fresh = new Map(changed.map((run) => [run.uid, run]));
    if (gone.some((uid) => this.byUid.peek().has(uid))) this.drop(gone);
    const known = this.runs.peek();
    const added = changed.filter(({ uid }) => !this.byUid.peek().has(uid));
    if (known.length + added.length !== total) {
      await this.loadRuns();
      return this.runs.peek();
    }
    if (changed.length > 0) {
      const next = [...added, ...known.map((run) => fresh.get(run.uid) ?? run)];
      // A new run comes first, one that was restored to where it was.
      this.runs.value = added.length > 0 ? next.sort((a, b) => b.slot - a.slot) : next;
    }
    return changed;
  }

  /** Reads the keys of the runs that have changed; those of a failed try are read the next time. */
  private async refreshKeys(): Promise<void> {
    const uids = [...this.staleKeys];
    if (uids.length === 0) return;
    this.staleKeys.clear();
    try {
      if (uids.length >= this.runs.peek().length) return await this.loadKeys();
      const fresh = await getCatalogue(this.entity, this.project, uids);
      this.catalogue.value = mergedCatalogue(this.catalogue.peek(), withPlainKeys(fresh));
    } catch (error) {
      for (const uid of uids) this.staleKeys.add(uid);
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
