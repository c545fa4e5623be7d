/** Code that is fetched when it is needed, also over a time in which the server is away. */

import type { Signal } from '@preact/signals';
import { ApiError, getHealth } from '../api/client';

const RETRY_MS = 2000;

/**
 * Puts what was loaded into `found`. While the server does not answer that is `away`, and it is
 * asked again until it does; `gone` is what a server that answers does not have.
 */
export async function fetched<T>(
  load: () => Promise<T>,
  found: Signal<T | 'away' | 'gone' | null>,
): Promise<void> {
  try {
    found.value = await load();
  } catch {
    found.value = (await answers()) ? await again(load) : 'away'; // any error of an import: no code
    if (found.peek() === 'away') setTimeout(() => void fetched(load, found), RETRY_MS);
  }
}

/** The server may have come back just now. */
async function again<T>(load: () => Promise<T>): Promise<T | 'gone'> {
  return load().catch(() => 'gone' as const);
}

async function answers(): Promise<boolean> {
  try {
    await getHealth();
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.status !== 0;
  }
}
