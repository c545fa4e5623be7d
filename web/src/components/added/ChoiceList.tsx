/** A searched list of things of which some are chosen, in the order of choice. */

import { useState } from 'preact/hooks';
import type { Choice } from '../../model/types';
import { userRegExp } from '../../state/runs/visibility';
import { Check, SearchField } from '../widgets/controls';

const MOST_LISTED = 300;

interface ChoiceListProps {
  label: string;
  choices: readonly Choice<string>[];
  chosen: string[];
  /** One more takes the place of the first. */
  most: number;
  onChange(chosen: string[]): void;
}

export function ChoiceList({ label, choices, chosen, most, onChange }: ChoiceListProps) {
  const [search, setSearch] = useState('');
  const pattern = userRegExp(search);
  const found = choices.filter(([, text]) => pattern?.test(text) ?? true);
  const toggle = (value: string, on: boolean) =>
    onChange(on ? [...chosen, value].slice(-most) : chosen.filter((one) => one !== value));
  return (
    <>
      <SearchField outlined label={label} value={search} invalid={!pattern} onInput={setSearch} />
      <div class="choices">
        {found.slice(0, MOST_LISTED).map(([value, text]) => (
          <div class="opt" key={value}>
            <Check
              label={text}
              checked={chosen.includes(value)}
              onChange={(on) => toggle(value, on)}
            />
            {chosen.length > 1 && chosen.includes(value) && (
              <span class="dim">{chosen.indexOf(value) + 1}</span>
            )}
          </div>
        ))}
        {found.length === 0 && <p class="dim">No matches.</p>}
      </div>
    </>
  );
}
