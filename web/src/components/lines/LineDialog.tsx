// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so names are written
/** The dialog of a line panel's computed lines and of the names of its lines. */

import type { Signal } from '@preact/signals';
import { useId, useRef, useState } from 'preact/hooks';
import type { Key } from '../../api/types';
import { SyntaxFault } from '../../math/expression';
import { keyTitle } from '../../math/keyTitle';
import type { Choice } from '../../model/types';
import { formulaTexts, readFormula } from '../../state/lines/computed';
import { LEGEND_NAMES, labelOf, missingNames, templateFault } from '../../state/lines/legend';
import { drawsGroups } from '../../state/lines/lineGroups';
import { ownersOf } from '../../state/lines/metricLines';
import { type PanelSettings, panelSettings, setPanel } from '../../state/view/view';
import { useScope } from '../../state/workspace/workspace';
import { Check, IconButton, Select } from '../widgets/controls';
import { Dialog } from '../widgets/Dialog';
import { Icon } from '../widgets/Icon';
import './lines.css';

const MOST_METRICS = 500;
const MOST_PREVIEWED = 3;

interface LineDialogProps {
  id: string;
  title: string;
  /** With a field for the panel's title; added panels have theirs elsewhere. */
  titled: boolean;
  fields: Key[];
  open: Signal<boolean>;
}

export function LineDialog(props: LineDialogProps) {
  return (
    <Dialog open={props.open} label={`Expressions, legend and titles of ${props.title}`}>
      <Form {...props} />
    </Dialog>
  );
}

function Form({ id, title, titled, fields, open }: LineDialogProps) {
  const settings = panelSettings(id);
  const [texts, setTexts] = useState(() => [...formulaTexts(settings), '']);
  const [alone, setAlone] = useState(settings.logged === '0');
  const [legend, setLegend] = useState(settings.legend ?? '');
  const [titles, setTitles] = useState<Titles>(settings);
  const catalogue = useScope().workspace.store.catalogue.value;
  const faultOf = (text: string): SyntaxFault | null => {
    try {
      if (text.trim()) readFormula(text, catalogue, fields[0].kind);
      return null;
    } catch (fault) {
      if (fault instanceof SyntaxFault) return fault;
      throw fault;
    }
  };
  const faults = texts.map(faultOf);
  const wrong = templateFault(legend);
  const written = texts.filter((text) => text.trim() !== '');
  const save = () => {
    setPanel(id, {
      expr: written.join('\n') || null,
      logged: alone && written.length > 0 ? '0' : null,
      legend: legend.trim() || null,
      title: titles.title?.trim() || null,
      xtitle: titles.xtitle?.trim() || null,
      ytitle: titles.ytitle?.trim() || null,
    });
    open.value = false;
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div class="head">
        <b class="stretch">Expressions, legend and titles of {title}</b>
        <IconButton icon="x" label="Close" onClick={() => (open.value = false)} />
      </div>
      <div class="body linedialog">
        <Formulas field={fields[0]} texts={texts} faults={faults} onChange={setTexts} />
        <Check label={hideLabel(fields)} checked={alone} onChange={setAlone} />
        <Names fields={fields} text={legend} fault={wrong} onChange={setLegend} />
        <TitleFields titles={titles} titled={titled} onChange={setTitles} />
        <div class="row">
          <span class="stretch" />
          <button
            type="submit"
            class="btn pri"
            disabled={wrong !== null || faults.some((fault) => fault !== null)}
          >
            Save
          </button>
        </div>
      </div>
    </form>
  );
}

type Titles = Pick<PanelSettings, 'title' | 'xtitle' | 'ytitle'>;

interface TitleFieldsProps {
  titles: Titles;
  titled: boolean;
  onChange(titles: Titles): void;
}

function TitleFields({ titles, titled, onChange }: TitleFieldsProps) {
  const field = (name: keyof Titles, label: string) => (
    <label class="field outlined stretch">
      <input
        aria-label={label}
        placeholder={label}
        value={titles[name] ?? ''}
        onInput={({ currentTarget: { value } }) => onChange({ ...titles, [name]: value })}
      />
    </label>
  );
  return (
    <>
      <h3>Titles</h3>
      <div class="row">
        {titled && field('title', 'Title of the panel')}
        {field('xtitle', 'Title of x')}
        {field('ytitle', 'Title of y')}
      </div>
    </>
  );
}

const hideLabel = ([first, ...more]: Key[]): string =>
  more.length > 0 ? 'Hide the metrics themselves' : `Hide ${keyTitle(first.key)} itself`;

interface FormulasProps {
  field: Key;
  texts: string[];
  faults: (SyntaxFault | null)[];
  onChange(texts: string[]): void;
}

function Formulas({ field, texts, faults, onChange }: FormulasProps) {
  const { keys } = useScope().workspace.store.catalogue.value;
  const last = useRef<{ at: number; field: HTMLInputElement } | null>(null);
  const set = (at: number, text: string) =>
    onChange(texts.map((old, i) => (i === at ? text : old)));
  const metrics = keys.filter(({ kind }) => kind === field.kind).slice(0, MOST_METRICS);
  const choices: Choice<string>[] = [
    ['', 'Insert a metric'],
    ...metrics.map(({ key }): Choice<string> => [key, key]),
  ];
  const insert = (key: string) => {
    const at = last.current?.at ?? texts.length - 1;
    const text = texts[at] ?? '';
    const caret = last.current?.field.selectionStart ?? text.length;
    set(at, `${text.slice(0, caret)}\${${key}}${text.slice(caret)}`);
    last.current?.field.focus();
  };
  return (
    <>
      <h3>Computed lines</h3>
      <p class="dim t12">
        {'From metrics as ${'}
        {field.key}
        {
          '} with + − * / ** ( ) abs log log10 exp sqrt min max; also ${config:…} and ${summary:…}. '
        }
        Values are combined where metrics share x. Where a bucket holds several points, the means of
        the bucket are combined, and the panel says so; zoom in for single points.
      </p>
      {texts.map((text, i) => (
        <FormulaField
          key={i}
          label={`Expression ${i + 1}`}
          placeholder={`\${${field.key}} / 2`}
          text={text}
          fault={faults[i]}
          onInput={(next) => set(i, next)}
          onFocus={(input) => {
            last.current = { at: i, field: input };
          }}
          onRemove={() => onChange(texts.length > 1 ? texts.filter((_, k) => k !== i) : [''])}
        />
      ))}
      <div class="row">
        <button type="button" class="btn" onClick={() => onChange([...texts, ''])}>
          <Icon name="plus" />
          Another line
        </button>
        <Select label="Insert a metric" value="" choices={choices} onChange={insert} />
      </div>
    </>
  );
}

interface FormulaFieldProps {
  label: string;
  placeholder: string;
  text: string;
  fault: SyntaxFault | null;
  onInput(text: string): void;
  onFocus?(input: HTMLInputElement): void;
  onRemove?(): void;
}

function FormulaField(props: FormulaFieldProps) {
  const { label, placeholder, text, fault, onInput, onFocus, onRemove } = props;
  const id = useId();
  return (
    <div>
      <div class="formula">
        <label class={`field outlined ${fault ? 'invalid' : ''}`}>
          <input
            aria-label={label}
            aria-invalid={fault !== null}
            aria-describedby={fault ? id : undefined}
            placeholder={placeholder}
            spellcheck={false}
            autocomplete="off"
            value={text}
            onInput={(event) => onInput(event.currentTarget.value)}
            onFocus={(event) => onFocus?.(event.currentTarget)}
          />
        </label>
        {onRemove && <IconButton small icon="x" label={`Remove ${label}`} onClick={onRemove} />}
      </div>
      {fault && <Fault id={id} text={text} fault={fault} />}
    </div>
  );
}

/** The text with the wrong place marked, and what is wrong there. */
function Fault({ id, text, fault }: { id: string; text: string; fault: SyntaxFault }) {
  const { at, length, message } = fault;
  return (
    <p class="fault" id={id} aria-live="polite">
      <code>
        {text.slice(0, at)}
        <mark>{text.slice(at, at + length) || ' '}</mark>
        {text.slice(at + length)}
      </code>
      At character {at + 1}: {message}.
    </p>
  );
}

interface NamesProps {
  fields: Key[];
  text: string;
  fault: SyntaxFault | null;
  onChange(text: string): void;
}

function Names({ fields, text, fault, onChange }: NamesProps) {
  const runs = ownersOf(fields, useScope().runs.value);
  const lines = fields.flatMap(({ key, runs: own }) =>
    runs
      .filter(({ uid }) => own.includes(uid))
      .map((run) => ({ run, metric: key, expression: key })),
  );
  const missing = fault ? [] : missingNames(text, runs);
  return (
    <>
      <h3>Names of the lines</h3>
      <p class="dim t12">
        A template of {LEGEND_NAMES.map((name) => `\${${name}}`).join(' ')}
        {drawsGroups.value && '. Runs are grouped: lines are named by their group.'}
      </p>
      <FormulaField
        label="Template of names"
        placeholder={'${run:name} lr ${config:lr}'}
        text={text}
        fault={fault}
        onInput={onChange}
      />
      {text.trim() && !fault && (
        <ul class="samples" aria-label="Preview">
          {lines.slice(0, MOST_PREVIEWED).map((line) => (
            <li key={`${line.run.uid} ${line.metric}`}>{labelOf(text, line)}</li>
          ))}
        </ul>
      )}
      {missing.map((name) => (
        <p class="dim t12" key={name}>
          No shown run has {name}: shown as –.
        </p>
      ))}
    </>
  );
}
