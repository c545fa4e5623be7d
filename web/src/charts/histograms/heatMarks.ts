/** What a heatmap says in its plot beside the cells: non-finite values and constant tensors. */

import type { HistogramTable } from '../../math/histogram';
import { formatValue } from '../../math/numbers';
import { type Box, hatch } from '../surface';
import { theme } from '../theme';
import type { ValueAxis } from '../valueAxis';
import type { Raster } from './heatRaster';

const SHORT_MARK_PIXELS = 4;

/** Events without any finite value are hatched; those with some get a short mark on top. */
export function paintNonFinite(
  context: CanvasRenderingContext2D,
  table: HistogramTable,
  { columns, chosen }: Raster,
  box: Box,
): void {
  const pixel = box.width / columns.length;
  for (let from = 0; from < columns.length; ) {
    let to = from + 1;
    while (to < columns.length && columns[to] === columns[from]) to++;
    if (columns[from] >= 0) {
      const { n, nan, posInf, negInf } = table.at(chosen[columns[from]]);
      const left = box.left + from * pixel;
      const width = Math.max(1.5, (to - from) * pixel);
      if (nan + posInf + negInf > 0) paintMark(context, box, left, width, n > 0);
    }
    from = to;
  }
}

function paintMark(
  context: CanvasRenderingContext2D,
  box: Box,
  left: number,
  width: number,
  short: boolean,
): void {
  const top = short ? box.top - SHORT_MARK_PIXELS : box.top;
  hatch(context, { left, top, width, height: short ? SHORT_MARK_PIXELS : box.height });
}

/** Says under the line what the one value of all events is. */
export function paintConstant(
  context: CanvasRenderingContext2D,
  value: number | null,
  box: Box,
  y: ValueAxis,
): void {
  if (value === null) return;
  context.fillStyle = theme().ink3;
  context.font = theme().font;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  const text = `every value is exactly ${formatValue(value)}`;
  context.fillText(text, box.left + 8, y.pixel(value) + 14);
}
