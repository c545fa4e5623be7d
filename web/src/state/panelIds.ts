/** What a panel is called in addresses, settings, layouts and `window.lossboard.panels`. */

const PANEL_KINDS = [
  // of a key, by its kind
  'scalar',
  'histogram',
  'json',
  'system',
  // the views of keys that have settings of their own, and what they hold
  'media',
  'plot',
  'scene',
  'step',
  // of the tensors that are watched
  'layers',
  'rms',
  'cell',
  // that the user has added, and of the page of an empty server
  'own',
  'example',
] as const;

type PanelKind = (typeof PANEL_KINDS)[number];

export interface PanelField {
  kind: PanelKind;
  key: string;
}

export const panelId = ({ kind, key }: PanelField): string => `${kind} ${key}`;

/** Keys may have spaces and line breaks; null for what no panel is called. */
export function parsePanelId(id: string): PanelField | null {
  const cut = id.indexOf(' ');
  const kind = PANEL_KINDS.find((known) => known === id.slice(0, cut));
  return kind ? { kind, key: id.slice(cut + 1) } : null;
}
