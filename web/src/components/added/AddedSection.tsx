/** The section of the panels that the user has added, before all others. */

import { type OwnKind, type OwnPanel, ownPanels } from '../../state/added/addedPanels';
import { OWN_SECTION } from '../../state/lines/cascade';
import { inOrder } from '../../state/view/layout';
import { params, setParams } from '../../state/view/view';
import { shownColumns } from '../../state/workspace/screen';
import { SectionMenu } from '../lines/SectionMenu';
import { PanelPlace } from '../panel/PanelPlace';
import { Icon } from '../widgets/Icon';
import './added.css';
import { OwnPanelView } from './AddedPanel';

const SECTION = 'own';

/** Tables with a column for each value or run. */
const WIDE: OwnKind[] = ['table', 'comparer'];

export function OwnSection() {
  const open = params.value.ownfold !== '1';
  const panels = inOrder(SECTION, ownPanels.value, ({ id }) => id);
  const ids = () => panels.map(({ id }) => id);
  return (
    <section aria-label="Section of added panels">
      <div class={`sec ${open ? '' : 'closed'}`}>
        <button
          type="button"
          class="fold"
          aria-expanded={open}
          onClick={() => setParams({ ownfold: open ? '1' : null }, 'replace')}
        >
          <Icon name="down" />
          <b>Added panels</b>
          <span class="count">{panels.length}</span>
        </button>
        <div class="stretch" />
        {open && panels.some(({ kind }) => kind === 'lines') && (
          <SectionMenu name={OWN_SECTION} title="Added panels" />
        )}
      </div>
      {open && (
        <div class="grid" style={{ '--cols': shownColumns.value }}>
          {panels.map((panel: OwnPanel) => (
            <PanelPlace
              key={panel.id}
              id={panel.id}
              section={SECTION}
              ids={ids}
              wide={WIDE.includes(panel.kind)}
            >
              <OwnPanelView panel={panel} />
            </PanelPlace>
          ))}
        </div>
      )}
    </section>
  );
}
