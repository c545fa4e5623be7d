/** Files that a client saves with a run and that the overview shows. */

import { useEffect, useState } from 'preact/hooks';
import { fileHref, getBytes, listFiles } from '../../api/client';
import type { Run } from '../../api/types';
import type { JsonObject } from '../../model/json';
import { attempt } from '../toasts';
import { useScope } from '../workspace/workspace';

export const DIFF_FILE = 'diff.patch';
export const PACKAGES_FILE = 'requirements.txt';

/** The text of a file; empty as long as the run has none of this name. */
export function useRunText(run: Run, name: string): string {
  const { store } = useScope().workspace;
  const [text, setText] = useState('');
  useEffect(() => {
    let live = true;
    const load = () =>
      attempt(`${name} could not be read`, async () => {
        const known = (await listFiles(run.uid)).some((file) => file.name === name);
        const found = known ? await (await getBytes(fileHref(run.uid, name))).text() : '';
        if (live) setText(found);
      });
    void load();
    const stop = store.onRefresh((dirty) => {
      if (dirty.all || dirty.runs.get(run.uid)?.has('files')) void load();
    });
    return () => {
      live = false;
      stop();
    };
  }, [run.uid, name]);
  return text;
}

/** Versions by the names of packages, of lines as `torch==2.9.0`. */
export function packagesOf(text: string): JsonObject {
  const lines = text.split('\n').filter((line) => /^[\w.-]+==/.test(line));
  return Object.fromEntries(lines.map((line) => line.trim().split(/==(.*)/, 2)));
}
