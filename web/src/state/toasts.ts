/** Short messages at the bottom left. */

import { signal } from '@preact/signals';
import { ApiError } from '../api/client';

export interface Toast {
  id: number;
  text: string;
  bad: boolean;
  action?: { label: string; run(): void };
}

const STAY_MS = 6000;
export const toasts = signal<Toast[]>([]);
let nextId = 0;

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function say(text: string, action?: Toast['action']): void {
  const id = nextId++;
  toasts.value = [...toasts.value, { id, text, bad: false, action }];
  setTimeout(() => dismiss(id), STAY_MS);
}

/** Something that is not to be missed: it stays until it is dismissed. */
export function keepSaying(text: string, action?: Toast['action']): void {
  if (toasts.value.some((toast) => toast.text === text)) return;
  toasts.value = [...toasts.value, { id: nextId++, text, bad: false, action }];
}

/** An error stays until it is dismissed. */
export function complain(text: string): void {
  if (toasts.value.some((toast) => toast.text === text)) return;
  toasts.value = [...toasts.value, { id: nextId++, text, bad: true }];
}

/** Runs something of the user; what the server refuses is said in a toast. */
export async function attempt(what: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    complain(`${what}: ${error.message}`);
    return false;
  }
}

/** Without a secure context (plain http on a LAN) there is no clipboard API. */
export async function copyText(text: string, said = 'Copied'): Promise<void> {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyBySelection(text);
  say(said);
}

function copyBySelection(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'sr';
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
