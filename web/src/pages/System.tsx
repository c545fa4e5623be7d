/** What the machine did while the run ran: processor, memory, disk, network, GPUs over time. */

import type { Key, Run } from '../api/types';
import { SectionView } from '../components/sheet/Section';
import { Toolbar } from '../components/shell/Toolbar';
import { machineMetric } from '../math/machineMetrics';
import { systemMetric } from '../math/systemMetrics';
import { userRegExp } from '../state/runs/visibility';
import { machinePanels } from '../state/view/machinePanels';
import type { Section } from '../state/view/sections';
import { panelSearch } from '../state/view/view';
import { useScope } from '../state/workspace/workspace';

/** In the order in which they are shown; the first that fits takes the key. */
const PARTS: [name: string, pattern: RegExp][] = [
  ['GPU', /gpu/i],
  ['TPU', /tpu|neuroncore|trn\./i],
  ['CPU', /cpu/i],
  ['Memory', /memory|swap|rss/i],
  ['Disk', /disk/i],
  ['Network', /network/i],
  ['Other', /./],
];

/** Sections of the machine metrics that the run has. */
function systemSections(keys: Key[]): Section[] {
  const partOf = ({ key }: Key) =>
    PARTS.findIndex(([, pattern]) => pattern.test(machineMetric(key)));
  return PARTS.flatMap(([name], index) => {
    const own = keys.filter((key) => partOf(key) === index);
    return own.length > 0 ? [{ name, kind: 'system' as const, keys: machinePanels(own) }] : [];
  });
}

export function System({ run }: { run: Run }) {
  const { workspace } = useScope();
  const search = userRegExp(panelSearch.value);
  const keys = workspace.store.catalogue.value.keys.filter(
    ({ kind, runs, key }) =>
      kind === 'system' &&
      runs.includes(run.uid) &&
      (!search ||
        [key, machineMetric(key), systemMetric(key).title].some((name) => search.test(name))),
  );
  const sections = systemSections(keys);
  return (
    <>
      <Toolbar />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus */}
      <section class="sheet" tabIndex={0} aria-label="Machine metrics">
        {sections.map((section) => (
          <SectionView key={section.name} section={section} />
        ))}
        {sections.length === 0 && <Nothing searching={search !== null} />}
      </section>
    </>
  );
}

function Nothing({ searching }: { searching: boolean }) {
  if (searching) return <p class="nothing">No system metric matches the search.</p>;
  return (
    <p class="nothing">
      This run has sent no machine metrics. They come every 15 seconds, the first ones 15 seconds
      after its start, unless they are switched off with <code>x_disable_stats</code>.
    </p>
  );
}
