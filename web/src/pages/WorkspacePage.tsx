/** A project: the list of its runs, and panels over all that are shown. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { Sheet } from '../components/sheet/Sheet';
import { Toolbar } from '../components/shell/Toolbar';
import { RunsSidebar } from '../components/sidebar/RunsSidebar';
import { IconButton } from '../components/widgets/controls';
import { lazy } from '../components/widgets/lazy';
import { editedPanel, editPanel } from '../state/added/addedPanels';
import { focusKey } from '../state/histograms/focus';
import { loadViews } from '../state/view/savedViews';
import { ScopeProvider } from '../state/workspace/workspace';
import { ProjectPage, useWorkspace } from './ProjectPage';

const ViewsMenu = lazy(() => import('../components/shell/ViewsMenu').then((m) => m.ViewsMenu));
const PanelEditor = lazy(() =>
  import('../components/added/PanelEditor').then((m) => m.PanelEditor),
);
const FocusView = lazy(() => import('./FocusView').then((m) => m.FocusView));

export function WorkspacePage({ entity, project }: { entity: string; project: string }) {
  const workspace = useWorkspace(entity, project);
  const [drawer, setDrawer] = useState(false);
  const scope = useMemo(() => ({ workspace, runs: workspace.visible, single: false }), [workspace]);
  const focused = focusKey.value;
  useEffect(() => void loadViews(entity, project), [entity, project]);
  return (
    <ScopeProvider value={scope}>
      <ProjectPage workspace={workspace} tab="workspace" onDrawer={() => setDrawer(!drawer)}>
        {focused !== null ? (
          <FocusView name={focused} drawer={drawer} />
        ) : (
          <>
            <RunsSidebar workspace={workspace} open={drawer} />
            <main class="main">
              <Toolbar>
                <IconButton
                  icon="plus"
                  class="addpanel"
                  label="Add a panel"
                  onClick={() => editPanel(null)}
                />
                <ViewsMenu />
              </Toolbar>
              <Sheet own />
            </main>
            {editedPanel.value && <PanelEditor />}
          </>
        )}
      </ProjectPage>
    </ScopeProvider>
  );
}
