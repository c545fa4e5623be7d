/** Figures that users log, in the size of their panel and in the page's colours. */

import type { Explored } from '../state/explore';
import { withoutFormulas } from './formulas';
import { legible } from './legible';
import { withoutTiles } from './maps';
import { templateOf } from './template';

export interface Figure {
  data: object[];
  layout: object;
  /** What of it can't be shown as it was meant, in sentences. */
  notes?: string[];
}

type Layout = Record<string, unknown>;
type Margin = Partial<Record<'l' | 'r' | 't' | 'b', number>>;

/** Traces that Plotly has no more, and what took their place. */
const SUCCESSORS: Record<string, string> = { heatmapgl: 'heatmap', pointcloud: 'scattergl' };
const MARGIN = { l: 48, r: 16, b: 36 };
const TOP = { bare: 16, titled: 40 };
const MENU_PX = 44;

/** The figure's own layout wins, but for its size, its template and what could not be read. */
export function loggedFigure(
  { data, layout }: Extract<Explored, { kind: 'figure' }>,
  tokens: Record<string, string>,
  dark: boolean,
): Figure {
  const drawn = withoutTiles(data.map(known), layout as Layout);
  const { template, width: _w, height: _h, margin, ...own } = withoutFormulas(drawn.layout);
  const titled = Boolean((own.title as { text?: string } | undefined)?.text ?? own.title);
  const fitted = {
    autosize: true,
    margin: fittedMargin(margin as Margin | undefined, titled, Boolean(own.updatemenus)),
    template: templateOf(template as Layout | undefined, tokens),
  };
  return {
    data: withoutFormulas(drawn.data).map((trace) => legible(trace, tokens, dark)),
    layout: { ...legible(own, tokens, dark), ...fitted },
    notes: drawn.notes,
  };
}

function known(trace: object): Layout {
  const { type, ...rest } = trace as Layout;
  return { ...rest, type: SUCCESSORS[String(type)] ?? type };
}

/** Margins were meant for another size: at most ours, which grow with the labels of the axes. */
function fittedMargin(own: Margin | undefined, titled: boolean, menus: boolean): Margin {
  const top = (titled ? TOP.titled : TOP.bare) + (menus ? MENU_PX : 0);
  const ours = { ...MARGIN, t: top };
  const sides = Object.entries(ours).map(([side, most]) => [
    side,
    Math.min(most, own?.[side as keyof Margin] ?? most),
  ]);
  return { ...Object.fromEntries(sides), ...(titled || menus ? { t: top } : {}) };
}
