/** The numbers of the shown steps, and how B differs from A. */

import {
  formatChange,
  formatCount,
  formatExact,
  formatShare,
  formatValue,
} from '../../math/numbers';
import { type Statistics, statistics } from '../../math/percentiles';
import type { StepOverlay } from '../../model/types';
import { cssColor } from '../../state/runs/visibility';

type Column = [label: string, read: (s: Statistics) => number, relative: boolean];

/** A percentage of a mean or median near 0 explodes, so they get none. */
const VALUES: Column[] = [
  ['min', (s) => s.min, true],
  ['5 %', (s) => s.p5, true],
  ['median', (s) => s.median, false],
  ['95 %', (s) => s.p95, true],
  ['max', (s) => s.max, true],
  ['mean', (s) => s.mean, false],
  ['std', (s) => s.std, true],
];

export function StatisticsStrip({ overlays }: { overlays: StepOverlay[] }) {
  const rows = overlays.map((overlay) => ({ overlay, s: statistics(overlay.histogram) }));
  const reference = rows.find(({ overlay }) => overlay.reference);
  const fromBins = rows.some(({ s }) => s.source === 'bins');
  return (
    <div class="strip-wrap">
      <table class="strip">
        <thead>
          <tr>
            <th>{fromBins ? 'Statistics, percentiles from bins' : 'Statistics'}</th>
            <th>n</th>
            {VALUES.map(([label]) => (
              <th key={label}>{label}</th>
            ))}
            <th>zeros</th>
            <th>non-finite</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ overlay, s }, i) => (
            <Row key={overlay.id} overlay={overlay} s={s} first={i === 0} />
          ))}
          {reference && <Difference b={rows[0].s} a={reference.s} />}
        </tbody>
      </table>
    </div>
  );
}

function Row({ overlay, s, first }: { overlay: StepOverlay; s: Statistics; first: boolean }) {
  const name = overlay.reference ? 'A' : first ? 'B' : overlay.label;
  const color = overlay.reference ? 'var(--ref)' : cssColor(overlay.color);
  return (
    <tr class={overlay.reference ? 'mid' : ''}>
      <td style={{ '--c': color }}>
        <span class="dot" /> <b>{name}</b>{' '}
        <span class="mid">{formatCount(overlay.histogram.step)}</span>
      </td>
      <td>{formatCount(s.n)}</td>
      {VALUES.map(([label, read]) => (
        <td key={label} title={formatExact(read(s))}>
          {formatValue(read(s))}
        </td>
      ))}
      <td>
        {formatCount(s.zeros)} <span class="dim">{s.n > 0 && formatShare(s.zeros / s.n)}</span>
      </td>
      <td class={s.nonFinite > 0 ? 'bad' : ''}>{formatCount(s.nonFinite)}</td>
    </tr>
  );
}

function Difference({ a, b }: { a: Statistics; b: Statistics }) {
  return (
    <tr class="dim">
      <td>change from A to B</td>
      <td />
      {VALUES.map(([label, read, relative]) => (
        <td key={label}>{relative && read(a) !== 0 ? formatChange(read(b) / read(a) - 1) : ''}</td>
      ))}
      <td />
      <td />
    </tr>
  );
}
