/** Parallel coordinates of the shown runs, with ranges that are dragged on their axes. */

import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Run } from '../../api/types';
import {
  type ParallelData,
  type ParallelOptions,
  ParallelPanel,
} from '../../charts/others/parallelPanel';
import {
  brushAt,
  numericAxis,
  type ParallelAxis,
  partsOf,
  placeOfNumber,
  placeOfWord,
  wordAxis,
} from '../../math/parallel';
import { idOf, light, lit, numberAt, type OwnChartProps } from '../../state/added/addedChart';
import {
  type Brushes,
  brushesOf,
  clearBrushes,
  isBrushed,
  setBrush,
} from '../../state/added/brushes';
import { asNumber, asText } from '../../state/runs/filters';
import { columnName } from '../../state/runs/runColumns';
import { showOnly } from '../../state/runs/shownRuns';
import { colorOf, runValue } from '../../state/runs/visibility';
import { panelSettings } from '../../state/view/view';
import { useScope } from '../../state/workspace/workspace';
import { ChartBox } from '../panel/ChartBox';

export function OwnParallel({ panel, onNotes }: OwnChartProps) {
  const runs = useScope().runs.value;
  const host = useRef<HTMLDivElement>(null);
  const axes = useMemo(() => panel.keys.map((by) => axisOf(runs, by)), [runs, panel]);
  const data = useMemo<ParallelData>(
    () => ({
      axes,
      runs: runs.map((run) => ({
        id: String(run.uid),
        label: run.name,
        color: colorOf(run),
        places: axes.map((axis, i) => placeOn(axis, run, panel.keys[i])),
      })),
    }),
    [runs, panel, axes],
  );
  const { id, keys } = panel;
  const text = panelSettings(id).brush;
  const brushes = useMemo(() => brushesOf(id, keys), [panel, text]);
  const selected = selectedRuns(runs, brushes);
  const options = useMemo<ParallelOptions>(
    () => ({
      highlighted: lit(),
      brushes: keys.map((by) => brushes.get(by) ?? null),
      parts: axes.map((axis, i) => {
        const brush = brushes.get(keys[i]);
        return brush ? partsOf(axis, brush) : [];
      }),
      selected: selected && new Set(selected.map(({ uid }) => String(uid))),
    }),
    [axes, lit(), brushes, runs],
  );
  useEscape(host, () => clearBrushes(id));
  return (
    <div class="parallel" ref={host}>
      <ChartBox
        make={ParallelPanel}
        data={data}
        options={options}
        panel={idOf(panel, runs)}
        callbacks={{
          onNotes,
          onNearest: light,
          onBrush: (axis, part) => {
            if (axis === null) clearBrushes(id);
            else setBrush(id, keys[axis], part && brushAt(axes[axis], part));
          },
        }}
      />
      {selected && <Selection id={id} selected={selected} total={runs.length} />}
    </div>
  );
}

/** Null where nothing is selected. */
function selectedRuns(runs: Run[], brushes: Brushes): Run[] | null {
  return brushes.size > 0 ? runs.filter((run) => isBrushed(run, brushes)) : null;
}

interface SelectionProps {
  id: string;
  selected: Run[];
  total: number;
}

function Selection({ id, selected, total }: SelectionProps) {
  const keep = () => {
    showOnly(...selected);
    clearBrushes(id, 'replace');
  };
  return (
    <div class="row selection">
      <output class="stretch mid" title={selected.map(({ name }) => name).join(', ')}>
        {selected.length} of {total} runs selected
      </output>
      <button type="button" class="link" disabled={selected.length === 0} onClick={keep}>
        Keep only these visible
      </button>
      <button type="button" class="link" onClick={() => clearBrushes(id)}>
        Clear
      </button>
    </div>
  );
}

/** Escape while the panel is under the pointer or has the focus. */
function useEscape(host: { current: HTMLElement | null }, onEscape: () => void): void {
  const latest = useRef(onEscape);
  latest.current = onEscape;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const panel = host.current?.closest('.panel');
      if (event.key === 'Escape' && panel?.matches(':hover, :focus-within')) latest.current();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

export function axisOf(runs: Run[], by: string): ParallelAxis {
  const values = runs.map((run) => runValue(run, by)).filter((v) => v !== undefined && v !== null);
  const numbers = values.map(asNumber);
  const label = columnName(by);
  if (numbers.some((number) => number === null)) return wordAxis(label, values.map(asText));
  return numericAxis(label, numbers as number[]);
}

function placeOn(axis: ParallelAxis, run: Run, by: string): number {
  if (axis.range) return placeOfNumber(axis, numberAt(run, by));
  return placeOfWord(axis, asText(runValue(run, by)));
}
