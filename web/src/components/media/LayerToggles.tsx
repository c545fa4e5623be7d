/** The legend of layers over images: each class is switched, all at once, found by its name. */

import { useState } from 'preact/hooks';
import { classColor, classLabels } from '../../math/overlay';
import type { RunItems } from '../../state/media/mediaMoment';
import { SearchField } from '../widgets/controls';
import { Icon } from '../widgets/Icon';

interface LayerTogglesProps {
  name: string;
  shown: RunItems[];
  hidden: ReadonlySet<string>;
  onHidden(hidden: ReadonlySet<string>): void;
  opacity: number;
  onOpacity(opacity: number): void;
  scores: ReadonlySet<string>;
  least: Record<string, number>;
  onLeast(least: Record<string, number>): void;
}

/** From this many classes on the legend is folded until it is asked for. */
const FEW_CLASSES = 12;
const PERCENT = 100;

type Classes = Map<string, Record<string, string>>;

/** The classes of each layer that any image has. */
function classesOf(name: string, shown: RunItems[]): Classes {
  const found: Classes = new Map();
  for (const { run, items } of shown) {
    for (const layer of items.flatMap(({ layers }) => layers)) {
      const labels = classLabels(run.config, layer.kind, name, layer.name);
      found.set(layer.name, { ...found.get(layer.name), ...labels });
    }
  }
  return found;
}

export function LayerToggles(props: LayerTogglesProps) {
  const { name, shown, hidden, onHidden } = props;
  const classes = classesOf(name, shown);
  const count = [...classes.values()].reduce((sum, labels) => sum + Object.keys(labels).length, 0);
  const many = count > FEW_CLASSES;
  const [open, setOpen] = useState(false);
  const [search, setSearch] = useState('');
  const toggle = (what: string) => {
    const next = new Set(hidden);
    if (!next.delete(what)) next.add(what);
    onHidden(next);
  };
  return (
    <fieldset class="layers t12" aria-label={`Layers of ${name}`}>
      <div class="row tools">
        {many && (
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
            <Icon name={open ? 'down' : 'right'} />
            {count} classes
          </button>
        )}
        {[...classes.keys()].map((layer) => (
          <Switch key={layer} on={!hidden.has(layer)} onClick={() => toggle(layer)}>
            <b>{layer}</b>
          </Switch>
        ))}
        <button type="button" onClick={() => onHidden(new Set())}>
          All
        </button>
        <button type="button" onClick={() => onHidden(new Set(everyClass(classes)))}>
          None
        </button>
        {many && open && <SearchField label="Find classes" value={search} onInput={setSearch} />}
        <Strengths {...props} />
      </div>
      {(!many || open) && (
        <ClassList classes={classes} hidden={hidden} search={search} onToggle={toggle} />
      )}
    </fieldset>
  );
}

const everyClass = (classes: Classes): string[] =>
  [...classes].flatMap(([layer, labels]) => Object.keys(labels).map((id) => `${layer}/${id}`));

interface ClassListProps {
  classes: Classes;
  hidden: ReadonlySet<string>;
  search: string;
  onToggle(what: string): void;
}

function ClassList({ classes, hidden, search, onToggle }: ClassListProps) {
  const wanted = search.toLowerCase();
  const all = [...classes].filter(([layer]) => !hidden.has(layer));
  const found = all.flatMap(([layer, labels]) =>
    Object.entries(labels)
      .filter(([id, label]) => `${label}\n${id}`.toLowerCase().includes(wanted))
      .map(([id, label]) => ({ what: `${layer}/${id}`, id: Number(id), label })),
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
    <section class="classes" tabIndex={0} aria-label="Classes">
      {found.map(({ what, id, label }) => (
        <Switch
          key={what}
          on={!hidden.has(what)}
          color={classColor(id)}
          onClick={() => onToggle(what)}
        >
          <span class="dot" />
          {label}
        </Switch>
      ))}
    </section>
  );
}

interface SwitchProps {
  on: boolean;
  color?: string;
  onClick(): void;
  children: preact.ComponentChildren;
}

function Switch({ on, color, onClick, children }: SwitchProps) {
  const style = color ? { '--c': color } : undefined;
  return (
    <button type="button" aria-pressed={on} style={style} onClick={onClick}>
      {children}
    </button>
  );
}

/** How opaque masks are, and which scores boxes need. */
function Strengths({ opacity, onOpacity, scores, least, onLeast }: LayerTogglesProps) {
  return (
    <>
      <label class="row">
        Opacity
        <input
          type="range"
          min="0"
          max={PERCENT}
          value={Math.round(opacity * PERCENT)}
          onInput={({ currentTarget: { value } }) => onOpacity(Number(value) / PERCENT)}
        />
      </label>
      {[...scores].map((score) => (
        <label class="row" key={score}>
          {score} ≥
          <input
            class="field num"
            type="number"
            step="any"
            aria-label={`Least ${score}`}
            value={least[score] ?? ''}
            onInput={({ currentTarget: { value } }) =>
              onLeast({ ...least, [score]: value === '' ? -Infinity : Number(value) })
            }
          />
        </label>
      ))}
    </>
  );
}
