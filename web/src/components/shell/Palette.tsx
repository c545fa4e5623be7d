/** Ctrl+K: finds runs and panels of the open project, and other projects. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { listProjects } from '../../api/client';
import type { Key, Project } from '../../api/types';
import { fieldTitle, keyTitle } from '../../math/keyTitle';
import { counted } from '../../math/numbers';
import { escapeRegExp } from '../../math/search';
import { openFocus } from '../../state/histograms/focus';
import { openProject, paletteEntered, paletteOpen, paletteText } from '../../state/overlays';
import { panelId } from '../../state/panelIds';
import type { ProjectStore } from '../../state/project';
import { navigate, projectHref, runHref } from '../../state/route';
import { attempt } from '../../state/toasts';
import { machinePanels } from '../../state/view/machinePanels';
import { plotKeys } from '../../state/view/sections';
import { setParams } from '../../state/view/view';
import { KeyName } from '../panel/KeyName';
import { Dialog } from '../widgets/Dialog';
import { Icon } from '../widgets/Icon';
import { NameOf } from '../widgets/NameOf';

interface Item {
  group: 'Panels' | 'Runs' | 'Projects';
  id: string;
  label: string;
  hint: string;
  open(): void;
}

const MOST_A_GROUP = 8;

const isLogged = ({ kind }: Key): boolean => !kind.startsWith('system');

/** What a program logged stands before what was recorded beside it, which may have come first. */
function panelItems(store: ProjectStore): Item[] {
  const plots = plotKeys(store.runs.value);
  const { keys } = store.catalogue.value;
  const machine = machinePanels(keys.filter((key) => !isLogged(key)));
  return [...keys.filter(isLogged), ...machine].map(({ key, kind }) => ({
    group: 'Panels',
    id: panelId({ kind, key }),
    label: plots.has(key) ? keyTitle(plots.get(key)!) : fieldTitle({ kind, key }),
    hint: plots.has(key) ? 'chart' : kind,
    open: () =>
      kind === 'histogram'
        ? openFocus(key, null, null)
        : setParams({ q: `^${escapeRegExp(key)}$` }, 'push'),
  }));
}

function runItems(store: ProjectStore): Item[] {
  return store.runs.value.map((run) => ({
    group: 'Runs',
    id: run.run_id,
    label: run.name,
    hint: run.state,
    open: () => navigate(runHref(store.entity, store.project, run.run_id)),
  }));
}

function projectItems(projects: Project[]): Item[] {
  return projects.map(({ entity, name, runs }) => ({
    group: 'Projects',
    id: `${entity}/${name}`,
    label: name,
    hint: counted(runs, 'run'),
    open: () => navigate(projectHref(entity, name)),
  }));
}

function found(items: Item[], text: string): Item[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (item: Item) => words.every((word) => item.label.toLowerCase().includes(word));
  return items.filter(fits).slice(0, MOST_A_GROUP);
}

export function Palette() {
  return (
    <Dialog open={paletteOpen} label="Find a run, panel or project" class="palette">
      <Finder />
    </Dialog>
  );
}

function Finder() {
  const text = paletteText.value;
  const [projects, setProjects] = useState<Project[]>([]);
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void attempt('The projects could not be read', async () =>
      setProjects((await listProjects()).projects),
    );
  }, []);
  const store = openProject.value;
  const items = [
    ...(store ? found(panelItems(store), text) : []),
    ...(store ? found(runItems(store), text) : []),
    ...found(projectItems(projects), text),
  ];
  const chosen = Math.min(at, items.length - 1);
  const choose = (item: Item | undefined) => {
    if (!item) return;
    paletteOpen.value = false;
    item.open();
  };
  useEffect(() => {
    if (paletteEntered.value && items.length > 0) choose(items[0]);
  }, [paletteEntered.value, items.length > 0]);
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Enter') choose(items[chosen]);
    if (!step || items.length === 0) return;
    event.preventDefault();
    setAt((chosen + step + items.length) % items.length);
  };
  return (
    <>
      <div class="in">
        <Icon name="search" />
        <input
          autofocus
          role="combobox"
          aria-label="Find"
          aria-expanded="true"
          aria-autocomplete="list"
          aria-activedescendant={items.length > 0 ? `found-${chosen}` : undefined}
          onKeyDown={onKey}
          aria-controls="found"
          placeholder="Find a run, panel or project"
          value={text}
          onInput={(event) => {
            paletteText.value = event.currentTarget.value;
            setAt(0);
          }}
        />
        <kbd>Esc</kbd>
      </div>
      <div class="list" role="listbox" id="found" aria-label="Found" ref={list}>
        {items.map((item, i) => (
          <div key={`${item.group} ${item.id}`}>
            {items[i - 1]?.group !== item.group && <div class="foundgroup">{item.group}</div>}
            <button
              type="button"
              class="founditem"
              role="option"
              id={`found-${i}`}
              tabIndex={-1}
              aria-selected={i === chosen}
              aria-label={`${keyTitle(item.label)} ${item.hint}`}
              onPointerMove={() => setAt(i)}
              onClick={() => choose(item)}
            >
              {item.group === 'Panels' ? (
                <KeyName name={item.label} />
              ) : (
                <b class="ell">
                  <NameOf name={item.label} />
                </b>
              )}
              <span class="stretch" />
              <span class="dim t12">{item.hint}</span>
            </button>
          </div>
        ))}
        {items.length === 0 && <div class="foundgroup">No matches.</div>}
      </div>
    </>
  );
}
