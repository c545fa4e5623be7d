/** Switches for the layers over images, and for each class of a layer. */

import { classLabels, classSlot } from '../../math/overlay';
import type { RunItems } from '../../state/media/mediaMoment';

interface LayerTogglesProps {
  name: string;
  shown: RunItems[];
  hidden: ReadonlySet<string>;
  onHidden(hidden: ReadonlySet<string>): void;
}

/** The classes of each layer that any image has. */
function classesOf(name: string, shown: RunItems[]): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>();
  for (const { run, items } of shown) {
    for (const layer of items.flatMap(({ layers }) => layers)) {
      const labels = classLabels(run.config, layer.kind, name, layer.name);
      found.set(layer.name, { ...found.get(layer.name), ...labels });
    }
  }
  return found;
}

export function LayerToggles({ name, shown, hidden, onHidden }: LayerTogglesProps) {
  const toggle = (what: string) => {
    const next = new Set(hidden);
    if (!next.delete(what)) next.add(what);
    onHidden(next);
  };
  return (
    <fieldset class="layers t12" aria-label={`Layers of ${name}`}>
      {[...classesOf(name, shown)].map(([layer, labels]) => (
        <>
          <button
            type="button"
            key={layer}
            aria-pressed={!hidden.has(layer)}
            onClick={() => toggle(layer)}
          >
            <b>{layer}</b>
          </button>
          {!hidden.has(layer) &&
            Object.entries(labels).map(([id, label]) => (
              <button
                type="button"
                key={`${layer}/${id}`}
                aria-pressed={!hidden.has(`${layer}/${id}`)}
                style={{ '--c': `var(--c${classSlot(Number(id))})` }}
                onClick={() => toggle(`${layer}/${id}`)}
              >
                <span class="dot" />
                {label}
              </button>
            ))}
        </>
      ))}
    </fieldset>
  );
}
