/** The small controls: icon button, search field, select, segments, slider with number, stepper. */

import { useEffect, useId, useState } from 'preact/hooks';
import type { Choice } from '../../model/types';
import { say } from '../../state/toasts';
import { Icon, type IconName } from './Icon';

interface IconButtonProps {
  icon: IconName;
  label: string;
  onClick(event: MouseEvent): void;
  small?: boolean;
  pressed?: boolean;
  expanded?: boolean;
  disabled?: boolean;
  class?: string;
}

export function IconButton(props: IconButtonProps) {
  const { icon, label, onClick, small, pressed, expanded, disabled } = props;
  return (
    <button
      type="button"
      class={`icon ${small ? 'small' : ''} ${props.class ?? ''}`}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

interface SearchFieldProps {
  label: string;
  value: string;
  onInput(value: string): void;
  outlined?: boolean;
  invalid?: boolean;
}

export function SearchField({ label, value, onInput, outlined, invalid }: SearchFieldProps) {
  const explain = invalid ? `"${value}" is not a regular expression` : undefined;
  return (
    <label
      class={`field ${outlined ? 'outlined' : ''} ${invalid ? 'invalid' : ''}`}
      title={explain}
    >
      <Icon name="search" />
      <input
        type="search"
        aria-label={label}
        aria-invalid={invalid}
        placeholder={label}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  );
}

interface SelectProps<T extends string> {
  label: string;
  value: T;
  choices: readonly Choice<T>[];
  onChange(value: T): void;
  plain?: boolean;
}

export function Select<T extends string>({
  label,
  value,
  choices,
  onChange,
  plain,
}: SelectProps<T>) {
  return (
    <span class={`pick ${plain ? 'plain' : ''}`}>
      <select
        aria-label={label}
        title={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {choices.map(([choice, text]) => (
          <option key={choice} value={choice} selected={choice === value}>
            {text}
          </option>
        ))}
      </select>
      <Icon name="down" />
    </span>
  );
}

interface SegmentsProps<T extends string> {
  label: string;
  value: T;
  choices: readonly Choice<T>[];
  onChange(value: T): void;
}

/** Exclusive choices side by side: a group of radio buttons that looks like one control. */
export function Segments<T extends string>({ label, value, choices, onChange }: SegmentsProps<T>) {
  const group = useId();
  return (
    <fieldset class="seg" aria-label={label}>
      {choices.map(([choice, text]) => (
        <label key={choice} data-label={text}>
          <input
            type="radio"
            class="unseen"
            name={group}
            checked={choice === value}
            onChange={() => onChange(choice)}
          />
          {text}
        </label>
      ))}
    </fieldset>
  );
}

interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  onInput(value: number): void;
  /** The value in words. */
  text?: string;
}

export function Slider({ label, value, min, max, step, text, onInput }: SliderProps) {
  const share = max > min ? ((value - min) / (max - min)) * 100 : 0;
  return (
    <input
      type="range"
      class="slider"
      aria-label={label}
      min={min}
      max={max}
      step={step}
      value={value}
      aria-valuetext={text}
      style={{ '--v': `${share}%` }}
      onInput={(event) => onInput(Number(event.currentTarget.value))}
    />
  );
}

interface NumberFieldProps {
  label: string;
  text: string;
  /** What was typed as a number, null for what is none; numbers in decimal without it. */
  parse?(text: string): number | null;
  /** Called with what was typed once it is confirmed; not called for what is no number. */
  onCommit(value: number): void;
  /** Called when the field is confirmed empty; without it an empty field changes nothing. */
  onClear?(): void;
  placeholder?: string;
  title?: string;
  class?: string;
}

function parseDecimal(text: string): number | null {
  const value = Number(text.replaceAll(',', '').replace('−', '-').replace(/[x×]$/, ''));
  return Number.isFinite(value) ? value : null;
}

const refuse = (label: string, text: string): void =>
  say(`${label}: “${text.trim()}” is not understood`);

/** A number that is written back when typing ends, so that half a number changes nothing. */
export function NumberField(props: NumberFieldProps) {
  const { label, text, onCommit, onClear, placeholder, title, class: more = '' } = props;
  const { parse = parseDecimal } = props;
  const [refused, setRefused] = useState(false);
  const [draft, setDraft] = useState<string | null>(null);
  useEffect(() => setDraft(null), [text]);
  const commit = () => {
    const value = draft?.trim() ? parse(draft) : null;
    if (value !== null) onCommit(value);
    else if (draft?.trim()) {
      refuse(label, draft);
      setRefused(true);
      return;
    } else if (draft?.trim() === '' && text !== '') onClear?.();
    setDraft(null);
  };
  /** What was refused goes with the focus. */
  const forget = () => {
    setRefused(false);
    setDraft(null);
  };
  return (
    <input
      class={`num ${more}`}
      inputMode={props.parse ? 'text' : 'decimal'}
      aria-label={label}
      placeholder={placeholder}
      title={title}
      value={draft ?? text}
      aria-invalid={refused}
      onInput={(event) => {
        setRefused(false);
        setDraft(event.currentTarget.value);
      }}
      onBlur={() => (refused ? forget() : commit())}
      onKeyDown={(event) => event.key === 'Enter' && commit()}
    />
  );
}

interface CheckProps {
  label: string;
  checked: boolean;
  onChange(checked: boolean): void;
}

export function Check({ label, checked, onChange }: CheckProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}

interface StepperProps {
  label: string;
  value: number;
  min: number;
  max: number;
  onChange(value: number): void;
}

export function Stepper({ label, value, min, max, onChange }: StepperProps) {
  const change = (next: number) => onChange(Math.min(max, Math.max(min, next)));
  return (
    <fieldset class="stepper" aria-label={label}>
      <button
        type="button"
        aria-label={`Fewer ${label.toLowerCase()}`}
        disabled={value <= min}
        onClick={() => change(value - 1)}
      >
        <Icon name="minus" />
      </button>
      <output>{value}</output>
      <button
        type="button"
        aria-label={`More ${label.toLowerCase()}`}
        disabled={value >= max}
        onClick={() => change(value + 1)}
      >
        <Icon name="plus" />
      </button>
    </fieldset>
  );
}
