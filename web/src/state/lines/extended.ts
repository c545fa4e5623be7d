/** What a line panel has beyond one metric: computed lines, and names by a template. */

import type { Run } from '../../api/types';
import type { Note } from '../../model/types';
import type { PanelSettings } from '../view/view';
import { formulaNotes } from './computed';
import { type Drawn, isSamePart } from './computedLines';
import { templateFault } from './legend';

export { compute, readFormulas, wholeParts, windowParts } from './computed';
export { extendedLines } from './computedLines';

export function legendNotes({ legend }: PanelSettings): Note[] {
  const fault = legend ? templateFault(legend) : null;
  return fault ? [{ text: `names of lines: ${fault.message}`, tone: 'warn' }] : [];
}

export function drawnNotes({ formulas, whole, inside }: Drawn, runs: Run[]): Note[] {
  const seen = whole.map((one) => inside.find(({ part }) => isSamePart(part, one.part)) ?? one);
  return formulas.flatMap((formula) => formulaNotes(formula, runs, whole, seen));
}
