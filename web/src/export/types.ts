/** What an exported view is made of. */

import type { Key, Run } from '../api/types';
import type { Json } from '../model/json';
import type { OwnPanel } from '../state/added/addedPanels';
import type { Explored } from '../state/explore';

export type ExportedItem = { caption: string } & (
  | { kind: 'image' | 'audio'; url: string }
  | { kind: 'table'; columns: Json[]; rows: Json[][] }
);

interface ExportedStep {
  step: number;
  /** Uid of the run: several may have one name. */
  of: number;
  run: string;
  items: ExportedItem[];
}

export interface ExportedMedia {
  kind: 'media';
  title: string;
  steps: ExportedStep[];
}

/** What a component of the dashboard renders by itself. */
export interface ExportedText {
  kind: 'text';
  title: string;
  html: string;
}

export type ExportedPanel = Explored | ExportedMedia | ExportedText;

export interface Part {
  name: string;
  panels: ExportedPanel[];
}

export interface Collected {
  parts: Part[];
  /** What the view has and the file has not. */
  left: string[];
}

/** A panel of the page, and what of it is in the file. */
export interface Slot {
  id: string;
  title: string;
  fields: Key[];
  runs: Run[];
  /** Of a panel that the user has added. */
  own?: OwnPanel;
  /** Keys that none of the runs has logged. */
  missing?: string[];
  readonly panels: ExportedPanel[];
}
