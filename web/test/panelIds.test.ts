/** Panel ids are made and parsed in one place. */

import { expect, it } from 'vitest';
import { panelId, parsePanelId } from '../src/state/panelIds';

it('gives back the kind and the key, whatever the key holds', () => {
  for (const key of ['loss', 'train/loss at 3', 'two\nlines', ' leading', '']) {
    expect(parsePanelId(panelId({ kind: 'system', key }))).toEqual({ kind: 'system', key });
  }
});

it('takes nothing that no panel is called', () => {
  for (const id of ['', 'scalar', 'loss of run', ' x']) expect(parsePanelId(id)).toBeNull();
});
