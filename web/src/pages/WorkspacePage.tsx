/** A project: the list of its runs, and panels over all that are shown. */

import { useMemo, useState } from 'preact/hooks';
import { lazy } from '../components/lazy';
import { RunsSidebar } from '../components/RunsSidebar';
import { Sheet } from '../components/Sheet';
import { Toolbar } from '../components/Toolbar';
import { focusKey } from '../state/focus';
import { ScopeProvider } from '../state/workspace';
import { ProjectPage, useWorkspace } from './ProjectPage';

const FocusView = lazy(() => import('./FocusView').then((m) => m.FocusView));

export function WorkspacePage({ entity, project }: { entity: string; project: string }) {
  const workspace = useWorkspace(entity, project);
  const [drawer, setDrawer] = useState(false);
  const scope = useMemo(() => ({ workspace, runs: workspace.visible, single: false }), [workspace]);
  const focused = focusKey.value;
  return (
    <ScopeProvider value={scope}>
      <ProjectPage workspace={workspace} tab="workspace" onDrawer={() => setDrawer(!drawer)}>
        {focused !== null ? (
          <FocusView name={focused} drawer={drawer} />
        ) : (
          <>
            <RunsSidebar workspace={workspace} open={drawer} />
            <main class="main">
              <Toolbar />
              <Sheet />
            </main>
          </>
        )}
      </ProjectPage>
    </ScopeProvider>
  );
}
