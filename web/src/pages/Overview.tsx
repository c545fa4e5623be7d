/** What a run was made of and what it reached: config, summary, metadata, alerts,
 * notices. */

import { useState } from 'preact/hooks';
import type { Notice, Run, RunDetail } from '../api/types';
import { AlertList } from '../components/shell/AlertList';
import { IconButton, SearchField } from '../components/widgets/controls';
import { Icon } from '../components/widgets/Icon';
import { lazy } from '../components/widgets/lazy';
import { NameOf } from '../components/widgets/NameOf';
import { ValueText } from '../components/widgets/ValueText';
import { withSizes } from '../math/byteSizes';
import { keyTitle } from '../math/keyTitle';
import { isMedia } from '../math/media';
import { formatCount, formatDate } from '../math/numbers';
import type { Json, JsonObject } from '../model/json';
import { PACKAGES_FILE, packagesOf, useRunText } from '../state/media/runFiles';
import type { LoadState } from '../state/project';
import { copyText } from '../state/toasts';
import { Changes } from './Changes';
import { Ending } from './Ending';
import { Processes } from './Processes';

const GraphView = lazy(() => import('../components/media/GraphView').then((m) => m.GraphView));

interface OverviewProps {
  run: Run;
  detail: RunDetail | null;
  state: LoadState;
}

export function Overview({ run, detail, state }: OverviewProps) {
  const [models, summary] = withoutGraphs(run.summary);
  const { _wandb: _, ...config } = run.config;
  const packages = packagesOf(useRunText(run, PACKAGES_FILE));
  // All of it at once: what comes later would push the rest down.
  if (detail === null && typeof state !== 'object') return <div class="sheet" aria-busy="true" />;
  return (
    <div class="sheet">
      {typeof state === 'object' && <p class="nothing bad">{state.error}</p>}
      <Ending run={run} detail={detail} />
      <AlertList
        label="Alerts of this run"
        alerts={(detail?.alerts ?? []).map((alert, key) => ({ ...alert, key })).reverse()}
      />
      <Notices notices={detail?.notices ?? []} />
      <Processes detail={detail} />
      {run.notes && (
        <div class="columns2">
          <p>{run.notes}</p>
        </div>
      )}
      <div class="columns2">
        <TreeBlock title="Config" values={config} empty="No config was set." copied />
        <TreeBlock title="Summary" values={summary} empty="Nothing is logged yet." />
        <TreeBlock
          title="Metadata"
          values={{
            ...identity(run),
            ...withSizes(detail?.metadata ?? {}),
            ...(Object.keys(packages).length > 0 && { packages }),
          }}
          empty="The client sent no metadata."
        />
      </div>
      <Changes run={run} />
      {models.map(([key, value]) => (
        <section class="block model" key={key} aria-label={`Model ${key}`}>
          <h2 class="bold">Model {models.length > 1 && key}</h2>
          <GraphView value={value} name={key} />
        </section>
      ))}
    </div>
  );
}

/** What `watch(log_graph=True)` keeps in the summary is a picture of its own. */
function withoutGraphs(summary: JsonObject): [[string, JsonObject][], JsonObject] {
  const isGraph = (value: Json) => isObject(value) && value._type === 'graph';
  const all = Object.entries(summary);
  const models = all.filter(([, value]) => isGraph(value)) as [string, JsonObject][];
  return [models, Object.fromEntries(all.filter(([, value]) => !isGraph(value)))];
}

function identity(run: Run): JsonObject {
  const named = { id: run.run_id, group: run.group, job_type: run.job_type };
  const given = Object.entries(named).filter(([, value]) => value);
  return Object.fromEntries([...given, ['exit_code', run.exit_code]]);
}

function Notices({ notices }: { notices: Notice[] }) {
  if (notices.length === 0) return null;
  return (
    <ul class="notices" aria-label="Notices of this run">
      {notices.map(({ kind, text, amount, time_us }) => (
        <li key={kind} title={`${kind}, ${formatCount(amount)} in all`}>
          <Icon name="warn" />
          <span>{text}</span>
          <span class="dim t12">{formatDate(time_us)}</span>
        </li>
      ))}
    </ul>
  );
}

interface TreeBlockProps {
  title: string;
  values: JsonObject;
  empty: string;
  /** A button copies all of it as JSON. */
  copied?: boolean;
}

function TreeBlock({ title, values, empty, copied }: TreeBlockProps) {
  const [search, setSearch] = useState('');
  const found = search ? filtered(values, search.toLowerCase()) : values;
  const isEmpty = Object.keys(values).length === 0;
  return (
    <section class="block" aria-label={title}>
      <div class="row">
        <h2 class="bold">{title}</h2>
        <span class="t12 dim">{Object.keys(values).length || ''}</span>
        <span class="stretch" />
        {copied && !isEmpty && (
          <IconButton
            small
            icon="copy"
            label={`Copy the ${title.toLowerCase()} as JSON`}
            onClick={() => void copyText(JSON.stringify(values, null, 2))}
          />
        )}
        {!isEmpty && (
          <SearchField label={`Search ${title.toLowerCase()}`} value={search} onInput={setSearch} />
        )}
      </div>
      {isEmpty ? (
        <p class="dim">{empty}</p>
      ) : (
        <Tree values={found} open={search !== ''} exact={title !== 'Summary'} />
      )}
    </section>
  );
}

const isObject = (value: Json): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** Media and the like, which have panels of their own. */
const isLogged = ({ _type }: JsonObject): boolean => typeof _type === 'string' && isMedia(_type);

/** The part of a tree whose keys or values have the text in them. */
function filtered(values: JsonObject, text: string): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(values)) {
    if (key.toLowerCase().includes(text)) kept[key] = value;
    else if (isObject(value)) {
      const inside = filtered(value, text);
      if (Object.keys(inside).length > 0) kept[key] = inside;
    } else if (String(value).toLowerCase().includes(text)) kept[key] = value;
  }
  return kept;
}

interface TreeProps {
  values: JsonObject;
  open: boolean;
  exact: boolean;
}

function Tree({ values, open, exact }: TreeProps) {
  return (
    <div class="tree">
      {Object.entries(values).map(([key, value]) =>
        isObject(value) && Object.keys(value).length > 0 ? (
          <details key={key} open={open || (Object.keys(value).length <= 12 && !isLogged(value))}>
            <summary>
              {keyTitle(key)} <span class="dim t12">{Object.keys(value).length}</span>
            </summary>
            <Tree values={value} open={open} exact={exact} />
          </details>
        ) : (
          <dl class="leaf" key={key}>
            <dt class="mid ell" title={key}>
              <NameOf name={keyTitle(key)} />
            </dt>
            <dd>
              <ValueText value={value} exact={exact} />
            </dd>
          </dl>
        ),
      )}
    </div>
  );
}
