/** Fetches and computes what a line panel has beyond one metric. */

import { useMemo } from 'preact/hooks';
import type { Key } from '../../api/types';
import type { Line, Note, Window } from '../../model/types';
import type { Formula } from '../lines/computed';
import type { Drawn } from '../lines/computedLines';
import type { Grouping } from '../lines/lineGroups';
import { spanIn } from '../lines/lines';
import { type MetricLines, ownersOf } from '../lines/metricLines';
import type { PanelSettings } from '../view/view';
import { useSeries } from './hooks';
import { lazyModule } from './lazyModule';
import { useScope } from './workspace';

const extendedCode = lazyModule(() => import('../lines/extended'));
type Code = NonNullable<ReturnType<typeof extendedCode>>;

export interface Extended {
  lines: Line[];
  notes: Note[];
}

interface ExtendedInput {
  fields: Key[];
  x: string;
  window: Window;
  settings: PanelSettings;
  grouping: Grouping | null;
  /** The lines of the metrics themselves, of groups where runs are grouped. */
  logged: MetricLines[];
}

/** Of several metrics, or where the panel says so. */
const isExtended = (fields: Key[], { expr, legend }: PanelSettings): boolean =>
  fields.length > 1 || Boolean(expr || legend);

/** Null for a panel that has nothing but its metric, and until the code for more is there. */
export function useExtended(input: ExtendedInput): Extended | null {
  const { fields, settings, grouping, logged } = input;
  const { workspace, runs } = useScope();
  const code = isExtended(fields, settings) ? extendedCode() : null;
  const catalogue = workspace.store.catalogue.value;
  const { formulas, faults } = useMemo(
    () => code?.readFormulas(settings, catalogue, fields[0].kind) ?? { formulas: [], faults: [] },
    [code, settings.expr, catalogue, fields[0].kind],
  );
  const drawn = useDrawn(code, formulas, input);
  const [shown, all] = [runs.value, workspace.store.runs.value];
  const lines = useMemo(
    () => code?.extendedLines(logged, drawn, settings, { shown, all, grouping }) ?? null,
    [code, logged, drawn, shown, all, JSON.stringify([settings, grouping])],
  );
  if (!code || !lines) return null;
  const owners = ownersOf(fields, shown);
  return {
    lines,
    notes: [...faults, ...code.legendNotes(settings), ...code.drawnNotes(drawn, owners)],
  };
}

/** Fetches what the formulas need, whole and inside the window. */
function useDrawn(code: Code | null, formulas: Formula[], { x, window }: ExtendedInput): Drawn {
  const runs = useScope().runs.value;
  const parts = useMemo(() => code?.wholeParts(formulas, runs, x) ?? [], [code, formulas, runs, x]);
  const fetched = useSeries(parts.flatMap(({ specs }) => specs)).values;
  const whole = useMemo(() => code?.compute(parts, fetched) ?? [], [code, parts, fetched]);
  const span = spanIn(
    whole.map(({ series }) => series),
    window,
  );
  const finer = useMemo(() => code?.windowParts(whole, span) ?? [], [code, whole, String(span)]);
  const fine = useSeries(finer.flatMap(({ specs }) => specs)).values;
  const inside = useMemo(() => code?.compute(finer, fine) ?? [], [code, finer, fine]);
  return useMemo(() => ({ formulas, whole, inside }), [formulas, whole, inside]);
}
