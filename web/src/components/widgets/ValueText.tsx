import { allDigits, jsonNumber } from '../../math/jsonNumber';
import { formatValue } from '../../math/numbers';
import type { Json } from '../../model/json';

interface ValueTextProps {
  value: Json | undefined;
  digits?: number;
  /** As it was set, without zeros at the end: for settings, which are not measured. */
  exact?: boolean;
}

/** A value of config or summary in short; all of it is in the title. */
export function ValueText({ value, digits, exact }: ValueTextProps) {
  if (value === undefined || value === null) return <span class="dim">–</span>;
  const number = jsonNumber(value);
  if (number !== null) {
    const bad = !Number.isFinite(number);
    const whole = allDigits(value, number);
    return (
      <span class={bad ? 'bad' : undefined} title={whole}>
        {exact ? whole : formatValue(number, digits)}
      </span>
    );
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return <span title={text}>{text}</span>;
}
