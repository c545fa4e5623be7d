/** Why a program ended, as the last lines that it printed tell it. */

import { plainText } from './ansi';

/** `CUDA out of memory` of `torch.OutOfMemoryError: CUDA out of memory. Tried to …`. */
const RAISED = /^(?:[\w.]+\.)?(\w*(?:Error|Exception|Interrupt|Exit))(?:: (.*))?$/;
const MOST_LETTERS = 120;

/** The first sentence of the last exception; null where none was printed. */
export function failureOf(lines: string[]): string | null {
  for (const line of [...lines].reverse()) {
    const found = RAISED.exec(plainText(line).trim());
    if (found) return firstSentence(found[2]) || found[1];
  }
  return null;
}

function firstSentence(text = ''): string {
  const sentence = /^.*?[.!?](?= [A-Z])/.exec(text)?.[0] ?? text;
  const plain = sentence.replace(/\.$/, '');
  return plain.length > MOST_LETTERS ? `${plain.slice(0, MOST_LETTERS)}…` : plain;
}
