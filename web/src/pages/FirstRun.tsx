/** What an empty server shows: how to log the first run, with this server's address. */

import { useMemo } from 'preact/hooks';
import { HeatPanel } from '../charts/histograms/heatPanel';
import { LinePanel } from '../charts/lines/linePanel';
import { ChartBox } from '../components/panel/ChartBox';
import { KeyName } from '../components/panel/KeyName';
import { IconButton } from '../components/widgets/controls';
import { Icon } from '../components/widgets/Icon';
import type { HeatOptions, LineOptions } from '../model/types';
import { exampleHistograms, exampleLine } from '../state/example';
import { isDefaultAddress, officialCommand, ownLines } from '../state/firstLines';
import { panelId } from '../state/panelIds';
import { copyText } from '../state/toasts';

const lines = (): string => ownLines('my-project');

export function FirstRun() {
  const variable = `LOSSBOARD_BASE_URL=${location.origin} `;
  const prefix = isDefaultAddress() ? '' : variable;
  return (
    <div class="empty">
      <div>
        <h1>Log your first run</h1>
        <p class="lead">
          Put these two lines at the top of your training script. Your <code>wandb.log</code>,{' '}
          <code>wandb.watch</code> and <code>wandb.config</code> calls stay as they are.
        </p>
        <div class="codebox">
          <pre class="code">{<Snippet />}</pre>
          <button type="button" class="btn" onClick={() => void copyText(lines())}>
            <Icon name="copy" />
            Copy
          </button>
        </div>
        <p class="t12 dim where">
          {isDefaultAddress()
            ? 'Scripts on this machine find the server at '
            : 'This server is at '}
          <code>{location.origin}</code>
          {isDefaultAddress() ? ' by themselves.' : '.'}
        </p>
        <h2>Already have scripts for wandb?</h2>
        <dl class="ways">
          <Way name="Script unchanged" command={`${prefix}lossboard run train.py`} />
          <Way name="Official wandb client" command={officialCommand()} />
          <Way name="No script at hand" command={`${prefix}lossboard demo`} />
        </dl>
        <p class="waiting">
          <span class="pulse beat" />
          Waiting for the first run
          <span class="dim">This page opens it as soon as it starts.</span>
        </p>
      </div>
      <Preview />
    </div>
  );
}

/** The lines with keywords and strings in their colours. */
function Snippet() {
  const pieces = lines().split(/(\bimport\b|\bas\b|"[^"]*")/);
  return pieces.map((piece, i) => {
    const kind = piece.startsWith('"') ? 'quoted' : i % 2 === 1 ? 'keyword' : undefined;
    return (
      <span key={piece + String(i)} class={kind}>
        {piece}
      </span>
    );
  });
}

function Way({ name, command }: { name: string; command: string }) {
  return (
    <div class="way">
      <dt>{name}</dt>
      <dd class="ell">
        <code>{command}</code>
      </dd>
      <IconButton icon="copy" label={`Copy: ${command}`} onClick={() => void copyText(command)} />
    </div>
  );
}

const LINE_OPTIONS: LineOptions = {
  x: { kind: 'step', log: false, window: { min: null, max: null } },
  y: { log: false, window: { min: null, max: null }, ignoreOutliers: false },
  aggregate: 'mean',
  envelope: true,
  smoothing: { kind: 'twema', amount: 0.95, showOriginal: true },
  xRange: 1000,
  highlighted: null,
};

const HEAT_OPTIONS: HeatOptions = {
  x: { kind: 'step', window: { min: null, max: null } },
  value: { scale: 'linear', window: { min: null, max: null }, full: false },
  color: 'log',
  margin: true,
  pins: [],
};

/** What a first run will look like, computed here; it says that it is an example. */
function Preview() {
  const line = useMemo(() => [exampleLine()], []);
  const histograms = useMemo(exampleHistograms, []);
  return (
    <div class="preview">
      <section class="panel" aria-label="Example of a loss curve">
        <div class="panelhead">
          <KeyName name="train/loss" />
          <span class="stretch" />
          <span class="badge">what you will see here</span>
        </div>
        <ChartBox
          make={LinePanel}
          data={line}
          options={LINE_OPTIONS}
          panel={{
            id: panelId({ kind: 'example', key: 'line' }),
            kind: 'example',
            key: 'train/loss',
            runs: [],
          }}
        />
      </section>
      <section class="panel" aria-label="Example of gradient histograms">
        <div class="panelhead">
          <KeyName name="gradients/layer1.weight" />
          <span class="stretch" />
          <span class="badge">with wandb.watch(model)</span>
        </div>
        <ChartBox
          make={HeatPanel}
          data={histograms}
          options={HEAT_OPTIONS}
          panel={{
            id: panelId({ kind: 'example', key: 'heat' }),
            kind: 'example',
            key: 'gradients/layer1.weight',
            runs: [],
          }}
        />
      </section>
    </div>
  );
}
