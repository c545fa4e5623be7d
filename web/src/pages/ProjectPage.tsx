/** The frame of the pages of one project: top bar, tabs, and what to say while it is not there. */

import type { ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { type Tab, TopBar } from '../components/shell/TopBar';
import { besideHref } from '../state/histograms/focus';
import { openProject } from '../state/overlays';
import { leadTo, listHref, type ProjectList, presentHref, projectHref } from '../state/route';
import { arriving } from '../state/view/history';
import { findBase } from '../state/view/savedViews';
import { base } from '../state/view/view';
import { openWorkspace, type Workspace } from '../state/workspace/workspace';
import { Message } from './Message';

export function useWorkspace(entity: string, project: string): Workspace {
  const workspace = useMemo(() => openWorkspace(entity, project), [entity, project]);
  useEffect(() => {
    openProject.value = workspace.store;
  }, [workspace]);
  const present = workspace.store.present.value;
  useEffect(() => {
    const href = present && presentHref(...present);
    if (href) leadTo(href);
  }, [present]);
  const named = base.value?.known === false ? base.value : null;
  useEffect(() => {
    if (named) void findBase(entity, project, named);
  }, [named, entity, project]);
  return workspace;
}

const LISTS = [
  ['artifacts', 'Artifacts'],
  ['sweeps', 'Sweeps'],
] as const;

const HEADINGS = {
  workspace: 'Workspace',
  runs: 'Runs',
  artifacts: 'Artifacts',
  sweeps: 'Sweeps',
};

interface ProjectPageProps {
  workspace: Workspace;
  tab: 'workspace' | ProjectList;
  onDrawer?(): void;
  children: ComponentChildren;
}

export function ProjectPage({ workspace, tab, onDrawer, children }: ProjectPageProps) {
  const { store } = workspace;
  const { entity, project } = store;
  const tabs: Tab[] = [
    {
      label: 'Workspace',
      href: besideHref(projectHref(entity, project)),
      current: tab === 'workspace',
    },
    {
      label: 'Runs',
      href: besideHref(listHref(entity, project, 'runs')),
      current: tab === 'runs',
      count: store.total.value,
    },
    ...LISTS.map(([list, label]): Tab => {
      const href = besideHref(listHref(entity, project, list));
      return { label, href, current: tab === list };
    }),
  ];
  useEffect(() => {
    document.title = `${project} · lossboard`;
  }, [project]);
  return (
    <div class="app">
      <TopBar
        entity={entity}
        project={project}
        heading={`${HEADINGS[tab]} of ${project}`}
        tabs={tabs}
        running={store.running.value}
        onDrawer={onDrawer}
      />
      <Loaded workspace={workspace}>{children}</Loaded>
    </div>
  );
}

interface LoadedProps {
  workspace: Workspace;
  children: ComponentChildren;
}

/** The children once runs, keys and the view of the address are known; before, nothing, or what went wrong. */
export function Loaded({ workspace, children }: LoadedProps) {
  const state = workspace.store.state.value;
  if (state === 'ready' && !arriving.value) return children;
  if (state === 'loading' || state === 'ready') return <main class="main whole" aria-busy="true" />;
  if (!state.missing) {
    return <Message title={state.error} onRetry={() => workspace.retry()} />;
  }
  return (
    <Message
      title={`There is no project "${workspace.store.project}" here`}
      text="It appears with its first run. Project names are case-sensitive."
    />
  );
}
