/** The dashboard: the page that the address names, and what may float over any page. */

import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { Toasts } from './components/shell/Toasts';
import { TopBar } from './components/shell/TopBar';
import { lazy } from './components/widgets/lazy';
import { Message } from './pages/Message';
import { ProjectsPage } from './pages/ProjectsPage';
import { plotlyPath } from './state/explore';
import { helpOpen, openPalette, paletteOpen, typeAhead } from './state/overlays';
import { route } from './state/route';
import { editedProject } from './state/runs/editProject';
import { movedRuns } from './state/runs/moveRuns';
import { editedRun } from './state/runs/runEdits';
import { clash } from './state/view/clash';
import { redo, undo } from './state/view/history';
import { unpin } from './state/workspace/moment';
import { openWorkspace } from './state/workspace/workspace';

/** A page whose code is not there keeps the bar on top, which says that the server is away. */
function underBar(message: VNode): VNode {
  const now = route.value;
  const place = 'project' in now ? { entity: now.entity, project: now.project } : {};
  return (
    <div class="app">
      <TopBar {...place} tabs={[]} />
      <main class="main whole">{message}</main>
    </div>
  );
}

const WorkspacePage = lazy(() => import('./pages/WorkspacePage').then((m) => m.WorkspacePage), {
  frame: underBar,
});
const RunsPage = lazy(() => import('./pages/RunsPage').then((m) => m.RunsPage), {
  frame: underBar,
});
const ProjectArtifacts = lazy(
  () => import('./pages/ProjectArtifacts').then((m) => m.ProjectArtifacts),
  { frame: underBar },
);
const Sweeps = lazy(() => import('./pages/Sweeps').then((m) => m.Sweeps), {
  frame: underBar,
});
const RunPage = lazy(() => import('./pages/RunPage').then((m) => m.RunPage), {
  frame: underBar,
});
const Explore = lazy(() => import('./components/panel/Explore').then((m) => m.Explore));
const Palette = lazy(() => import('./components/shell/Palette').then((m) => m.Palette));
const ClashDialog = lazy(() => import('./components/shell/ClashDialog').then((m) => m.ClashDialog));
const RunDialog = lazy(() => import('./components/runs/RunDialog').then((m) => m.RunDialog));
const MoveDialog = lazy(() => import('./components/runs/MoveDialog').then((m) => m.MoveDialog));
const ProjectDialog = lazy(() =>
  import('./components/runs/ProjectDialog').then((m) => m.ProjectDialog),
);
const Help = lazy(() => import('./components/shell/Help').then((m) => m.Help));

function Page() {
  const now = route.value;
  // its runs and keys are on the way while the page's code is
  if ('project' in now) openWorkspace(now.entity, now.project);
  switch (now.page) {
    case 'projects':
      return <ProjectsPage />;
    case 'workspace':
      return <WorkspacePage entity={now.entity} project={now.project} />;
    case 'runs':
      return <RunsPage entity={now.entity} project={now.project} />;
    case 'artifacts':
      return <ProjectArtifacts entity={now.entity} project={now.project} />;
    case 'sweeps':
      return <Sweeps entity={now.entity} project={now.project} />;
    case 'run':
      return <RunPage entity={now.entity} project={now.project} runId={now.runId} tab={now.tab} />;
    case 'missing':
      return (
        <div class="app">
          <TopBar tabs={[]} />
          <Message
            title="There is no page at this address"
            text="Check the link for a typing error."
          />
        </div>
      );
  }
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input, select, textarea');

const isInPalette = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('.palette') !== null;

const isUndo = ({ key }: KeyboardEvent): boolean => ['z', 'Z', 'y'].includes(key);

function onKey(event: KeyboardEvent): void {
  if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
    event.preventDefault();
    openPalette();
    return;
  }
  if (paletteOpen.peek() && !isInPalette(event.target)) {
    const plain = !(event.ctrlKey || event.metaKey || event.altKey);
    if (plain && typeAhead(event)) event.preventDefault();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && !isTyping(event.target) && isUndo(event)) {
    event.preventDefault();
    if (event.shiftKey || event.key === 'y') redo();
    else undo();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === '?') helpOpen.value = true;
  else if (event.key === 'Escape') unpin();
  else if (event.key === 'f') exploreHovered();
}

/** F explores the panel under the pointer, or the one that has the focus. */
function exploreHovered(): void {
  const panel = document.querySelector('.panel:hover, .panel:focus-within');
  panel?.querySelector<HTMLButtonElement>('button[aria-label^="Explore"]')?.click();
}

export function App() {
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <Page />
      {plotlyPath.value && <Explore />}
      {paletteOpen.value && <Palette />}
      {helpOpen.value && <Help />}
      {editedRun.value && <RunDialog {...editedRun.value} />}
      {editedProject.value && <ProjectDialog {...editedProject.value} />}
      {movedRuns.value.length > 0 && <MoveDialog runs={movedRuns.value} />}
      {clash.value && <ClashDialog found={clash.value} />}
      <Toasts />
    </>
  );
}
