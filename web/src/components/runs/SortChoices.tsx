/** Everything that runs can be sorted by; metrics by their last, least, greatest or best value. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Run } from '../../api/types';
import { openProject } from '../../state/overlays';
import { metricKeys } from '../../state/runs/metricValues';
import {
  columnsOf,
  fieldLabel,
  firstDirection,
  isMetric,
  offeredAggregates,
  placesOf,
} from '../../state/runs/runColumns';
import { setSort, sortOf } from '../../state/runs/runList';
import { userRegExp } from '../../state/runs/visibility';
import { SORT_NAMES } from '../../state/view/choices';
import { SearchField } from '../widgets/controls';
import './menus.css';

const MOST_LISTED = 200;

interface SortChoicesProps {
  runs: Run[];
  onDone(): void;
}

export function SortChoices({ runs, onDone }: SortChoicesProps) {
  const [search, setSearch] = useState('');
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector('input')?.focus(), []);
  const pattern = userRegExp(search);
  const fits = (text: string) => pattern?.test(text) ?? true;
  const catalogue = openProject.value?.catalogue.value ?? { keys: [], metrics: {} };
  const keys = metricKeys.value.filter(fits);
  const all = [...placesOf(runs), ...columnsOf(runs)];
  const values = all.filter((by) => fits(fieldLabel(by)) && !isMetric(by));
  const choose = (by: string) => {
    setSort({ by, descending: firstDirection(catalogue, by) });
    onDone();
  };
  return (
    <div ref={box}>
      <div class="opt">
        <span class="stretch">
          <SearchField
            outlined
            label="Search fields (regex)"
            value={search}
            invalid={!pattern}
            onInput={setSearch}
          />
        </span>
      </div>
      <div class="choices">
        {Object.entries(SORT_NAMES)
          .filter(([, name]) => fits(name))
          .map(([by, name]) => (
            <Choice key={by} by={by} text={name} onChoose={choose} />
          ))}
        {keys.length > 0 && <div class="opt t12 dim">Metrics</div>}
        {keys.slice(0, MOST_LISTED).map((key) => (
          <div class="opt metric" key={key}>
            <span class="ell" title={key}>
              {fieldLabel(`summary.${key}`)}
            </span>
            <span class="aggregates">
              {offeredAggregates(catalogue, key).map((aggregate) => (
                <Choice
                  key={aggregate}
                  by={`${aggregate}.${key}`}
                  text={aggregate}
                  label={`${fieldLabel(`${aggregate}.${key}`)}`}
                  onChoose={choose}
                />
              ))}
            </span>
          </div>
        ))}
        {values.length > 0 && <div class="opt t12 dim">Config and summary</div>}
        {values.slice(0, MOST_LISTED).map((by) => (
          <Choice key={by} by={by} text={fieldLabel(by)} onChoose={choose} />
        ))}
        {keys.length + values.length > MOST_LISTED && (
          <div class="opt t12 dim">Search for what is not listed</div>
        )}
      </div>
    </div>
  );
}

interface ChoiceProps {
  by: string;
  text: string;
  label?: string;
  onChoose(by: string): void;
}

function Choice({ by, text, label, onChoose }: ChoiceProps) {
  return (
    <button
      type="button"
      aria-label={label}
      aria-pressed={sortOf().by === by}
      title={label}
      onClick={() => onChoose(by)}
    >
      <span class="ell">{text}</span>
    </button>
  );
}
