/** Links to the picture as it is: what is too long for an address is kept by the server. */

import { effect } from '@preact/signals';
import { readView, storeView } from '../../api/client';
import { attempt, copyText } from '../toasts';
import { addressParams, currentLink, openAddress, params, setParams } from './view';

const LONGEST_QUERY = 2000;
/** The parameter that names a state kept by the server. */
const STORED = 'state';

export async function copyLink(): Promise<void> {
  const link = new URL(currentLink());
  if (link.search.length <= LONGEST_QUERY) return copyText(link.href, 'Link copied');
  await attempt('The link could not be made', async () => {
    link.search = new URLSearchParams({ [STORED]: await storeView(addressParams()) }).toString();
    await copyText(link.href, 'Link copied');
  });
}

async function open(hash: string): Promise<void> {
  const read = await attempt('The state of this link could not be read', async () => {
    openAddress(await readView(hash));
  });
  if (!read) setParams({ [STORED]: null }, 'replace');
}

/** Opens what a link with a kept state stands for. */
export function startSharing(): void {
  effect(() => {
    const hash = params.value[STORED];
    if (!hash) return;
    void open(hash);
  });
}
