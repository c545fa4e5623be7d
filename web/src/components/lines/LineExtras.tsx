/** What a line panel has beyond one metric: computed lines, names by a template, and a legend. */

import { useLayoutEffect, useMemo } from 'preact/hooks';
import type { Key, Run } from '../../api/types';
import type { Line, Note, Window } from '../../model/types';
import {
  compute,
  type Formula,
  formulaNotes,
  readFormulas,
  wholeParts,
  windowParts,
} from '../../state/lines/computed';
import { type Drawn, extendedLines, isSamePart } from '../../state/lines/computedLines';
import { templateFault } from '../../state/lines/legend';
import type { Grouping } from '../../state/lines/lineGroups';
import { spanIn } from '../../state/lines/lines';
import { type MetricLines, ownersOf } from '../../state/lines/metricLines';
import { cssColor } from '../../state/runs/visibility';
import type { PanelSettings } from '../../state/view/view';
import { useSeries } from '../../state/workspace/hooks';
import { useScope } from '../../state/workspace/workspace';
import './lines.css';

export interface Extended {
  lines: Line[];
  notes: Note[];
}

interface LineExtrasProps {
  fields: Key[];
  x: string;
  window: Window;
  settings: PanelSettings;
  grouping: Grouping | null;
  /** The lines of the metrics themselves, of groups where runs are grouped. */
  logged: MetricLines[];
  onChange(extended: Extended): void;
}

export function LineExtras(props: LineExtrasProps) {
  const { fields, settings, grouping, logged, onChange } = props;
  const { workspace, runs } = useScope();
  const catalogue = workspace.store.catalogue.value;
  const { formulas, faults } = useMemo(
    () => readFormulas(settings, catalogue, fields[0].kind),
    [settings.expr, catalogue, fields[0].kind],
  );
  const drawn = useDrawn(formulas, props);
  const [shown, all] = [runs.value, workspace.store.runs.value];
  const lines = useMemo(() => {
    return extendedLines(logged, drawn, settings, { shown, all, grouping });
  }, [logged, drawn, shown, all, JSON.stringify([settings, grouping])]);
  const notes = [...faults, ...legendNotes(settings), ...notesOf(drawn, ownersOf(fields, shown))];
  useLayoutEffect(() => onChange({ lines, notes }), [lines, JSON.stringify(notes)]);
  return <Legend lines={lines} />;
}

/** Fetches what the formulas need, whole and inside the window. */
function useDrawn(formulas: Formula[], { x, window }: LineExtrasProps): Drawn {
  const runs = useScope().runs.value;
  const parts = useMemo(() => wholeParts(formulas, runs, x), [formulas, runs, x]);
  const fetched = useSeries(parts.flatMap(({ specs }) => specs)).values;
  const whole = useMemo(() => compute(parts, fetched), [parts, fetched]);
  const span = spanIn(
    whole.map(({ series }) => series),
    window,
  );
  const finer = useMemo(() => windowParts(whole, span), [whole, String(span)]);
  const fine = useSeries(finer.flatMap(({ specs }) => specs)).values;
  const inside = useMemo(() => compute(finer, fine), [finer, fine]);
  return useMemo(() => ({ formulas, whole, inside }), [formulas, whole, inside]);
}

function legendNotes({ legend }: PanelSettings): Note[] {
  const fault = legend ? templateFault(legend) : null;
  return fault ? [{ text: `names of lines: ${fault.message}`, tone: 'warn' }] : [];
}

function notesOf({ formulas, whole, inside }: Drawn, runs: Run[]): Note[] {
  const seen = whole.map((one) => inside.find(({ part }) => isSamePart(part, one.part)) ?? one);
  return formulas.flatMap((formula) => formulaNotes(formula, runs, whole, seen));
}

const MOST_NAMED = 24;

/** The sidebar names runs; names by a template and computed lines stand over the plot. */
function Legend({ lines }: { lines: Line[] }) {
  const more = lines.length - MOST_NAMED;
  return (
    <ul
      class="legend"
      aria-label="Legend"
      title={lines.map(({ label }) => label).join('\n')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
      tabIndex={0}
    >
      {lines.slice(0, MOST_NAMED).map(({ id, label, color, dash }) => (
        <li key={id}>
          <svg width="16" height="2" aria-hidden="true">
            <line
              x2="16"
              y1="1"
              y2="1"
              stroke={cssColor(color)}
              stroke-width="2"
              stroke-dasharray={dash.join(' ')}
            />
          </svg>
          <span>{label}</span>
        </li>
      ))}
      {more > 0 && <li>+ {more}</li>}
    </ul>
  );
}
