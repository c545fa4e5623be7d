/**
 * A value of config, summary or a metric in the table. Functions and not components, and as few
 * elements as it takes: a row has a dozen of them, and four rows come in with a frame.
 */

import type { Run } from '../../api/types';
import { allDigits } from '../../math/jsonNumber';
import { formatExact, formatValue } from '../../math/numbers';
import type { Json } from '../../model/json';
import { asNumber, asText } from '../../state/runs/filters';
import { type Goal, isMeasured } from '../../state/runs/runColumns';
import { runValue } from '../../state/runs/visibility';
import type { Column } from './TableHead';

const SETTING_DIGITS = 6;

export interface CellColumn extends Column {
  goal: Goal;
  edge: boolean;
}

export function tableCell(run: Run, column: CellColumn, baseline: Run | null) {
  const { by, facts, edge } = column;
  const value = runValue(run, by);
  const number = asNumber(value);
  const place = `${facts.numeric ? 'r-num' : ''} ${edge ? 'edge' : ''}`;
  if (number === null || typeof value === 'boolean') return plainCell(by, place, value);
  const tone = Number.isFinite(number) ? '' : 'bad';
  const measured = isMeasured(by) && facts.numeric;
  if (!measured) {
    return (
      <td key={by} class={`${place} ${tone}`} title={allDigits(value, number)}>
        {numberText(by, number, value)}
      </td>
    );
  }
  const share = facts.hi > facts.lo ? (number - facts.lo) / (facts.hi - facts.lo) : 0;
  const ruled = Number.isFinite(share) && share > 0;
  return (
    <td
      key={by}
      class={`${place} ${tone} ${ruled ? 'ruled' : ''}`}
      style={ruled ? { '--w': share.toFixed(3) } : undefined}
      title={allDigits(value, number)}
    >
      {formatValue(number, facts.digits)}
      {baseline && deltaOf(run, column, baseline, number)}
    </td>
  );
}

/** Settings as they were set, without zeros at the end, but for digits that nobody typed. */
export function numberText(by: string, number: number, value: Json | undefined): string {
  if (!by.startsWith('config.')) return formatValue(number);
  if (Number.isInteger(number)) return allDigits(value, number);
  return formatExact(Number(number.toPrecision(SETTING_DIGITS)));
}

function plainCell(by: string, place: string, value: Json | undefined) {
  if (value === undefined || value === null) {
    return (
      <td key={by} class={`${place} dim`}>
        –
      </td>
    );
  }
  const text = asText(value);
  return (
    <td key={by} class={place} title={text}>
      {text}
    </td>
  );
}

/** The difference from the baseline, coloured by whether it is better. */
function deltaOf(run: Run, column: CellColumn, baseline: Run, value: number) {
  const { by, facts, goal, edge } = column;
  if (baseline.uid === run.uid) return <span class="delta">{edge && 'baseline'}</span>;
  const base = asNumber(runValue(baseline, by));
  const delta = base === null ? Number.NaN : value - base;
  if (!Number.isFinite(delta)) return <span class="delta">–</span>;
  const better = goal !== null && (goal === 'up' ? delta > 0 : delta < 0);
  const tone = delta === 0 || goal === null ? '' : better ? 'better' : 'worse';
  const size = Math.abs(delta);
  const text =
    size !== 0 && size < 10 ** -facts.decimals
      ? formatValue(size, 2)
      : size.toFixed(facts.decimals);
  return (
    <span class={`delta ${tone}`} title={formatExact(delta)}>
      {delta === 0 ? '' : delta > 0 ? '▴' : '▾'} {text}
    </span>
  );
}
