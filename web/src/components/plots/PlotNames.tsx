/** What the colours and dashes over a chart stand for. */

import { useState } from 'preact/hooks';
import { formatValue } from '../../math/numbers';
import type { PlotSpec } from '../../math/plotSpecs';
import { isRoc } from '../../math/plots';
import type { PlotLine, PlotTable } from '../../state/media/plots';
import { colorOf, cssColor } from '../../state/runs/visibility';
import { NameOf } from '../widgets/NameOf';

const MOST_NAMES = 8;

interface Name {
  label: string;
  color: string;
  dash: number[];
  said?: string;
}

/** The first names; a click unfolds all of them, which then scroll. */
function Names({ names }: { names: Name[] }) {
  const [all, setAll] = useState(false);
  const more = names.length - MOST_NAMES;
  return (
    <div class={`legend plotnames ${all ? 'all' : ''}`}>
      {names.slice(0, all ? names.length : MOST_NAMES).map((name) => (
        <Named key={name.label} {...name} />
      ))}
      {more > 0 && (
        <button type="button" class="dim" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'fewer names' : `+${more} more`}
        </button>
      )}
    </div>
  );
}

function Named({ label, color, dash, said }: Name) {
  return (
    <span style={{ '--c': cssColor(color) }}>
      <Stroke dash={dash} />
      <span class="ell" title={label}>
        <NameOf name={label} />
      </span>
      {said && (
        <span class="dim" title="Area under the curve; of several classes the mean">
          {said}
        </span>
      )}
    </span>
  );
}

const SOLID = [18, 0];

function Stroke({ dash }: { dash: number[] }) {
  if (dash.length === 0) return <span class="dot" />;
  return (
    <svg class="stroke" width="18" height="8" aria-hidden="true">
      <line x1="0" y1="4" x2="18" y2="4" stroke-dasharray={dash.join(' ')} />
    </svg>
  );
}

interface LineNamesProps {
  spec: PlotSpec;
  tables: PlotTable[];
  lines: PlotLine[];
}

const CHANCE: Name = { label: 'chance', color: '--ink3', dash: [4, 4] };

/** Of one run each line by its colour; of several the colours of the runs and the dashes. */
export function LineNames({ spec, tables, lines }: LineNamesProps) {
  const chance = isRoc(tables[0].columns) ? [CHANCE] : [];
  const area = spec.name.startsWith('wandb/area-under-curve');
  const said = (some: PlotLine[]) => (area ? `area ${formatValue(meanArea(some), 3)}` : undefined);
  if (tables.length === 1) {
    if (lines.length === 1 && !area) return null;
    const names = lines.map((line) => ({ ...line, said: said([line]) }));
    return <Names names={[...names, ...chance]} />;
  }
  const strokes = [...new Map(lines.map((line) => [line.name, line])).values()];
  const runs = tables.map(({ run }) => {
    const own = lines.filter(({ of }) => of === run.uid);
    return { label: run.name, color: colorOf(run), dash: [], said: said(own) };
  });
  const dashes = strokes.map(({ name, dash }) => {
    return { label: name, color: '--ink2', dash: dash.length > 0 ? dash : SOLID };
  });
  return <Names names={[...runs, ...(strokes.length > 1 ? dashes : []), ...chance]} />;
}

const meanArea = (lines: PlotLine[]): number =>
  lines.reduce((total, { area }) => total + area, 0) / lines.length;

export function RunNames({ tables }: { tables: PlotTable[] }) {
  if (tables.length === 1) return null;
  const names = tables.map(({ run }) => ({ label: run.name, color: colorOf(run), dash: [] }));
  return <Names names={names} />;
}
