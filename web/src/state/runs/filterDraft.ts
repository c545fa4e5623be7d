/** A filter while it is edited: values are text, and conditions may be half done. */

import { signal } from '@preact/signals';
import type { Run } from '../../api/types';
import { fieldType, typedValue, valueText } from './filterFields';
import { type FilterGroup, type FilterNode, isGroup, type Join, type Operator } from './filterTree';

export interface DraftCondition {
  id: number;
  by: string;
  operator: Operator;
  text: string;
}

export interface DraftGroup {
  id: number;
  join: Join;
  parts: DraftNode[];
}

export type DraftNode = DraftCondition | DraftGroup;

/** Whether the editor of the filter is open. */
export const filterOpen = signal(false);

export const isDraftGroup = (node: DraftNode): node is DraftGroup => 'join' in node;

let nextId = 0;

export const emptyCondition = (): DraftCondition => ({
  id: nextId++,
  by: 'tags',
  operator: 'eq',
  text: '',
});

export const emptyGroup = (): DraftGroup => ({
  id: nextId++,
  join: '$or',
  parts: [emptyCondition()],
});

/** An empty filter starts with a condition to be filled in. */
export function draftOf({ join, parts }: FilterGroup): DraftGroup {
  const drafts = parts.map(nodeDraft);
  return { id: nextId++, join, parts: drafts.length > 0 ? drafts : [emptyCondition()] };
}

function nodeDraft(node: FilterNode): DraftNode {
  if (isGroup(node)) return draftOf(node);
  return { id: nextId++, by: node.by, operator: node.operator, text: valueText(node.value) };
}

/** What is complete of a draft: half done conditions and groups without any are left out. */
export function filterOf(runs: Run[], { join, parts }: DraftGroup): FilterGroup {
  return { join, parts: parts.flatMap((part) => nodeOf(runs, part)) };
}

function nodeOf(runs: Run[], draft: DraftNode): FilterNode[] {
  if (isDraftGroup(draft)) {
    const group = filterOf(runs, draft);
    return group.parts.length > 0 ? [group] : [];
  }
  const { by, operator, text } = draft;
  const value = typedValue(fieldType(runs, by), operator, text);
  return value === null ? [] : [{ by, operator, value }];
}
