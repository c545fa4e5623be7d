/** One run in the list beside the panels. */

import { useRef } from 'preact/hooks';
import type { Run } from '../../api/types';
import { formatDuration } from '../../math/numbers';
import { runHref } from '../../state/route';
import { colorOf, cssColor, dashOf, highlighted, runValue } from '../../state/runs/visibility';
import { compact } from '../../state/workspace/screen';
import { IconButton } from '../widgets/controls';
import { Icon, StateGlyph } from '../widgets/Icon';
import { LineDot } from '../widgets/LineDot';
import { Link } from '../widgets/Link';
import { NameOf } from '../widgets/NameOf';
import { ValueText } from '../widgets/ValueText';

interface RunRowProps {
  run: Run;
  top: number;
  shown: boolean;
  /** Under the line of its training. */
  nested?: boolean;
  metric: string;
  /** Its name, as short as there is room. */
  label: string;
  /** That tell the values of the metric apart. */
  digits: number;
  onToggle(): void;
  onMenu(anchor: HTMLElement): void;
}

export function RunRow(props: RunRowProps) {
  const { run, top, shown, nested, metric, label, digits, onToggle, onMenu } = props;
  const more = useRef<HTMLSpanElement>(null);
  const light = () => {
    highlighted.value = shown ? run.uid : null;
  };
  const dim = () => {
    highlighted.value = null;
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button in it opens the menu by keyboard
    <div
      class={`listrow ${shown ? '' : 'off'} ${nested ? 'nested' : ''}`}
      style={{ top: `${top}px`, '--c': cssColor(colorOf(run)) }}
      onPointerEnter={light}
      onPointerLeave={dim}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu(more.current!);
      }}
    >
      {/* where there is no room for an eye, the dot is the button */}
      <button
        type="button"
        class={compact.value ? 'dotbox' : 'eye'}
        aria-pressed={shown}
        aria-label={`${shown ? 'Hide' : 'Show'} ${run.name}`}
        onClick={onToggle}
      >
        {compact.value ? <LineDot dash={dashOf(run)} /> : <Icon name={shown ? 'eye' : 'eyeoff'} />}
      </button>
      {!compact.value && <LineDot dash={dashOf(run)} />}
      <Link
        class="name"
        href={runHref(run.entity, run.project, run.run_id)}
        aria-label={run.name}
        title={run.name}
      >
        <NameOf name={label} />
      </Link>
      <StateGlyph state={run.state} />
      {!compact.value && <span class="mid">{formatDuration(run.runtime_secs)}</span>}
      <span class="ell value">
        {metric && <ValueText value={runValue(run, metric)} digits={digits > 4 ? digits : 3} />}
      </span>
      <span class="rowmenu" ref={more}>
        <IconButton
          small
          icon="more"
          label={`Actions of ${run.name}`}
          onClick={() => onMenu(more.current!)}
        />
      </span>
    </div>
  );
}
