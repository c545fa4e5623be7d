/** All that the pages of one project share: runs, keys, and the data of what is on screen. */

import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Run } from '../../api/types';
import { HistogramStore } from '../histograms/histograms';
import { TensorStore } from '../histograms/tensors';
import { SeriesStore } from '../lines/series';
import { ProjectStore } from '../project';
import { onDirty } from '../refresh';
import { filterRoot, filterRuns } from '../runs/filters';
import { MetricColumns } from '../runs/metricColumns';
import { visibleIn } from '../runs/shownRuns';
import { refreshViews } from '../view/savedViews';

export class Workspace {
  readonly store: ProjectStore;
  readonly series = new SeriesStore();
  readonly histograms = new HistogramStore();
  readonly tensors = new TensorStore();
  readonly metrics: MetricColumns;
  /** Runs that the filters let through, whether they are shown or not. */
  readonly filtered: ReadonlySignal<Run[]>;
  readonly visible: ReadonlySignal<Run[]>;
  private readonly stopViews: () => void;

  constructor(entity: string, project: string) {
    this.store = new ProjectStore(entity, project);
    this.metrics = new MetricColumns(entity, project);
    const { runs } = this.store;
    this.filtered = computed(() => filterRuns(runs.value, filterRoot.value));
    this.visible = visibleIn(this.filtered);
    this.store.onRefresh((dirty) => {
      this.series.refresh(dirty);
      this.histograms.refresh(dirty);
      this.tensors.refresh(dirty);
      this.metrics.refresh(dirty);
    });
    this.store.onBack(() => this.heal());
    this.store.start();
    this.metrics.start();
    this.stopViews = onDirty(`${entity}/${project}`, async ({ all, settings }) => {
      if (all || settings) await refreshViews(entity, project);
    });
  }

  dispose(): void {
    this.store.dispose();
    this.metrics.dispose();
    this.stopViews();
  }

  /** Asks again for everything that failed. */
  retry(): void {
    void this.store.load();
    this.heal();
  }

  private heal(): void {
    this.series.retry();
    this.histograms.retry();
    this.tensors.retry();
  }
}

const current = signal<Workspace | null>(null);

/** The project's workspace; it lives on while its pages are left and entered. */
export function openWorkspace(entity: string, project: string): Workspace {
  const open = current.peek();
  if (open && open.store.entity === entity && open.store.project === project) return open;
  open?.dispose();
  current.value = new Workspace(entity, project);
  return current.peek()!;
}

/** What a page's panels show: the workspace, the runs, and where a run's own page is. */
export interface Scope {
  workspace: Workspace;
  runs: ReadonlySignal<Run[]>;
  /** On the page of one run its lines are 1.5 px and need no legend. */
  single: boolean;
}

const ScopeContext = createContext<Scope | null>(null);
export const ScopeProvider = ScopeContext.Provider;

export function useScope(): Scope {
  return useContext(ScopeContext)!;
}
