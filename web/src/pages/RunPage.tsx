/** One run: its charts, what it was made of, its output and its files. */

import { computed, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { ApiError, getRun } from '../api/client';
import type { Run, RunDetail } from '../api/types';
import { Sheet } from '../components/sheet/Sheet';
import { Toolbar } from '../components/shell/Toolbar';
import { type Tab, TopBar } from '../components/shell/TopBar';
import { lazy } from '../components/widgets/lazy';
import { focusKey } from '../state/histograms/focus';
import { type LoadState, loadError } from '../state/project';
import { leadTo, type RunTab, runHref } from '../state/route';
import { ScopeProvider, type Workspace } from '../state/workspace/workspace';
import { Message } from './Message';
import { Loaded, useWorkspace } from './ProjectPage';
import { RunHeader } from './RunHeader';

const Overview = lazy(() => import('./Overview').then((m) => m.Overview));
const Logs = lazy(() => import('./Logs').then((m) => m.Logs));
const Files = lazy(() => import('./Files').then((m) => m.Files));
const System = lazy(() => import('./System').then((m) => m.System));
const Artifacts = lazy(() => import('./Artifacts').then((m) => m.Artifacts));
const FocusView = lazy(() => import('./FocusView').then((m) => m.FocusView));

interface RunPageProps {
  entity: string;
  project: string;
  runId: string;
  tab: RunTab;
}

const TABS: [tab: RunTab, label: string][] = [
  ['charts', 'Charts'],
  ['overview', 'Overview'],
  ['system', 'System'],
  ['logs', 'Logs'],
  ['files', 'Files'],
  ['artifacts', 'Artifacts'],
];

export function RunPage({ entity, project, runId, tab }: RunPageProps) {
  const workspace = useWorkspace(entity, project);
  const run = workspace.store.runs.value.find(({ run_id }) => run_id === runId);
  useMoved({ entity, project, runId, tab }, run === undefined && isReady(workspace));
  const tabs = TABS.map(([name, label]): Tab => {
    return { label, href: runHref(entity, project, runId, name), current: name === tab };
  });
  useEffect(() => {
    document.title = `${run?.name ?? runId} · ${project} · lossboard`;
  }, [run?.name, runId, project]);
  return (
    <div class="app">
      <TopBar
        entity={entity}
        project={project}
        run={run?.name ?? runId}
        heading={focusKey.value !== null && tab === 'charts' ? run?.name : undefined}
        tabs={tabs}
        running={workspace.store.running.value}
      />
      <Loaded workspace={workspace}>
        {run ? (
          <RunContent key={run.uid} workspace={workspace} run={run} tab={tab} />
        ) : (
          <Message
            title={`There is no run "${runId}" in this project`}
            text="It may have been deleted, or its first data has not arrived yet."
          />
        )}
      </Loaded>
    </div>
  );
}

const isReady = ({ store }: Workspace): boolean => store.state.value === 'ready';

/** A run that is not in the project may have been moved from there: then its page is there. */
function useMoved({ entity, project, runId, tab }: RunPageProps, missing: boolean): void {
  useEffect(() => {
    if (!missing) return;
    const look = async () => {
      try {
        const run = await getRun(entity, project, runId);
        if (run.project !== project) leadTo(runHref(run.entity, run.project, run.run_id, tab));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error; // the page says that there is no run
      }
    };
    void look();
  }, [missing, entity, project, runId]);
}

interface RunContentProps {
  workspace: Workspace;
  run: Run;
  tab: RunTab;
}

function RunContent({ workspace, run, tab }: RunContentProps) {
  const scope = useMemo(() => {
    const runs = computed(() => {
      const found = workspace.store.byUid.value.get(run.uid);
      return found ? [found] : [];
    });
    return { workspace, runs, single: true };
  }, [workspace, run.uid]);
  const { detail, state } = useDetail(workspace, run);
  const focused = focusKey.value;
  if (focused !== null && tab === 'charts') {
    return (
      <ScopeProvider value={scope}>
        <FocusView name={focused} drawer={false} />
      </ScopeProvider>
    );
  }
  return (
    <ScopeProvider value={scope}>
      <main class="main whole">
        <RunHeader run={run} detail={detail} />
        {tab === 'charts' && <Toolbar />}
        {tab === 'charts' && <Sheet />}
        {tab === 'overview' && <Overview run={run} detail={detail} state={state} />}
        {tab === 'system' && <System run={run} />}
        {tab === 'logs' && <Logs run={run} workspace={workspace} />}
        {tab === 'files' && <Files run={run} workspace={workspace} />}
        {tab === 'artifacts' && <Artifacts run={run} workspace={workspace} />}
      </main>
    </ScopeProvider>
  );
}

/** Metadata, notices and definitions of a run, read again when something of it changes. */
function useDetail(workspace: Workspace, run: Run) {
  const held = useMemo(
    () => ({ detail: signal<RunDetail | null>(null), state: signal<LoadState>('loading') }),
    [],
  );
  useEffect(() => {
    let live = true;
    const load = async () => {
      try {
        const found = await getRun(run.entity, run.project, run.run_id);
        if (live) held.detail.value = found;
        held.state.value = 'ready';
      } catch (error) {
        const failed = loadError(error);
        if (!held.detail.peek()) held.state.value = failed;
      }
    };
    void load();
    const stop = workspace.store.onRefresh((dirty) => {
      const what = dirty.runs.get(run.uid);
      if (dirty.all || what?.has('meta') || what?.has('state')) void load();
    });
    return () => {
      live = false;
      stop();
    };
  }, [run.uid]);
  return { detail: held.detail.value, state: held.state.value };
}
