/** The sheet of all sections, or a sentence that says why it is empty. */

import { useMemo, useRef } from 'preact/hooks';
import { ownPanels } from '../../state/added/addedPanels';
import { showAll } from '../../state/runs/shownRuns';
import { userRegExp } from '../../state/runs/visibility';
import { sectionsOf } from '../../state/view/sections';
import { panelSearch, setParams } from '../../state/view/view';
import { askAhead } from '../../state/workspace/ahead';
import { useFocusInSight } from '../../state/workspace/hooks';
import { useScope } from '../../state/workspace/workspace';
import { lazy } from '../widgets/lazy';
import { SectionView } from './Section';

const EmptyProject = lazy(() => import('./EmptyProject').then((m) => m.EmptyProject));
const OwnSection = lazy(() => import('../added/AddedSection').then((m) => m.OwnSection));

/** `own`: with the panels that the user has added. */
export function Sheet({ own = false }: { own?: boolean }) {
  const { workspace, runs } = useScope();
  const catalogue = workspace.store.catalogue.value;
  const search = panelSearch.value;
  const place = useRef<HTMLElement>(null);
  useFocusInSight(place);
  const sections = useMemo(
    () => sectionsOf(catalogue, runs.value, userRegExp(search)),
    [catalogue, runs.value, search],
  );
  // Not an effect: those of the panels come first, after all of them are made.
  useMemo(() => askAhead(workspace, runs.value, sections), [workspace]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
    <section ref={place} class="sheet" tabIndex={0} aria-label="Panels">
      {own && ownPanels.value.length > 0 && <OwnSection />}
      {sections.map((section) => (
        <SectionView key={section.name} section={section} />
      ))}
      {sections.length === 0 && <Nothing />}
    </section>
  );
}

function Nothing() {
  const { workspace, runs } = useScope();
  const action = (label: string, run: () => void) => (
    <button type="button" class="link" onClick={run}>
      {label}
    </button>
  );
  if (panelSearch.value) {
    return (
      <p class="nothing">
        No panel matches “{panelSearch.value}”.{' '}
        {action('Show all panels', () => setParams({ q: null }, 'push'))}
      </p>
    );
  }
  if (runs.value.length === 0 && workspace.store.total.value > 0) {
    return <p class="nothing">All runs are hidden. {action('Show all runs', showAll)}</p>;
  }
  const { project, total } = workspace.store;
  if (total.value === 0) return <EmptyProject project={project} />;
  return (
    <p class="nothing">
      Nothing is logged yet. <code>run.log({'{"loss": loss}'})</code> makes the first panel, and it
      appears here by itself.
    </p>
  );
}
