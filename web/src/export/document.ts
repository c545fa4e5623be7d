/** One HTML file with plotly.js and all data inside: it opens anywhere and asks nobody. */

import type { Run } from '../api/types';
import textStyle from '../components/text/text.css?raw';
import { type Figure, figureOf } from '../explore/figure';
import type { Explored } from '../state/explore';
import { packedHeat } from './pack';
import type { Collected } from './types';
import viewerStyle from './viewer.css?raw';
import viewer from './viewer.js?raw';

export interface ExportedView {
  title: string;
  /** What the view is, such as the link it came from. */
  origin: string;
  runs: Run[];
  collected: Collected;
  tokens: Record<string, string>;
  dark: boolean;
}

/** The file may run what it holds and may ask for nothing. */
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; media-src data:";

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => ENTITIES[c]);

/** JSON that can't end the script element it stands in. */
const embedded = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

function dataOf({ runs, collected, tokens, dark }: ExportedView): object {
  const parts = collected.parts.map(({ name, panels }) => ({
    name,
    panels: panels.map((panel) =>
      panel.kind === 'media' || panel.kind === 'text'
        ? panel
        : { title: panel.title, ...figureIn(panel, tokens, dark) },
    ),
  }));
  const told = runs.map(({ name, state, config, summary }) => {
    const { _wandb: _, ...own } = config;
    return { name, state, config: own, summary };
  });
  return { runs: told, parts, left: collected.left };
}

function figureIn(panel: Explored, tokens: ExportedView['tokens'], dark: boolean): Figure {
  const figure = figureOf(panel, tokens, dark);
  return panel.kind === 'heatmap' ? packedHeat(figure) : figure;
}

/** `plotly` is the text of plotly.js. */
export function htmlDocument(view: ExportedView, plotly: string): Blob {
  const variables = Object.entries(view.tokens).map(([name, value]) => `--${name}: ${value};`);
  return new Blob(
    [
      '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
      `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
      '<meta name="viewport" content="width=device-width, initial-scale=1">',
      `<title>${escaped(view.title)}</title>`,
      `<style>:root { color-scheme: ${view.dark ? 'dark' : 'light'}; ${variables.join(' ')} }\n${textStyle}${viewerStyle}</style>`,
      `</head><body><header><h1>${escaped(view.title)}</h1><p>${escaped(view.origin)}</p></header>`,
      '<main id="page"></main>',
      `<script type="application/json" id="data">${embedded(dataOf(view))}</script>`,
      `<script>${plotly}</script>\n<script>${viewer}</script></body></html>\n`,
    ],
    { type: 'text/html' },
  );
}
