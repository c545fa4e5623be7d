/** What the colours of a heatmap or layer map mean: the ramp between its ends. */

import type { Legend } from '../../model/types';

export function Ramp({ legend }: { legend: Legend | null }) {
  if (!legend) return null;
  const { from, to, unit, middle, colors } = legend;
  const own = colors && { background: `linear-gradient(90deg, ${colors.join()})` };
  return (
    <span class="badge scale" title={`${from} to ${to}, ${unit}`}>
      <span class="whole">
        <span>{from}</span>
        {middle === undefined ? (
          <span class="ramp" style={own} />
        ) : (
          <>
            <span class="ramp below" />
            <b>{middle}</b>
            <span class="ramp above" />
          </>
        )}
        <span>{to}</span>
      </span>
    </span>
  );
}
