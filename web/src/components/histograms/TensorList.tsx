/** The tensors beside an open histogram, each with its standard deviation over steps. */

import { useMemo, useState } from 'preact/hooks';
import type { Key, Run } from '../../api/types';
import { keyTitle } from '../../math/keyTitle';
import { counted, formatValue } from '../../math/numbers';
import { moveFocus } from '../../state/histograms/focus';
import { stdOf } from '../../state/histograms/tensors';
import { colorOf, cssColor, userRegExp } from '../../state/runs/visibility';
import { useTensors } from '../../state/workspace/hooks';
import { useScope } from '../../state/workspace/workspace';
import { SparkLine } from '../lines/SparkLine';
import { Sidebar } from '../sidebar/Sidebar';
import { SearchField } from '../widgets/controls';
import { NameOf } from '../widgets/NameOf';
import { VirtualRows } from '../widgets/VirtualRows';

interface TensorListProps {
  field: Key;
  run: Run;
  open: boolean;
}

const ROW_PIXELS = 28;

export function TensorList({ field, run, open }: TensorListProps) {
  const { keys } = useScope().workspace.store.catalogue.value;
  const [search, setSearch] = useState('');
  const prefix = field.key.slice(0, field.key.indexOf('/') + 1);
  const names = useMemo(
    () =>
      keys.filter(
        ({ key, kind, runs }) =>
          kind === 'histogram' && key.startsWith(prefix) && runs.includes(run.uid),
      ),
    [keys, prefix, run.uid],
  );
  const loaded = useTensors(run.uid, prefix);
  const deviations = useMemo(
    () => new Map(loaded.values[0]?.tensors.map((tensor) => [tensor.key, stdOf(tensor)])),
    [loaded.values[0]],
  );
  const pattern = userRegExp(search);
  const rows = pattern ? names.filter(({ key }) => pattern.test(key)) : names;
  return (
    <Sidebar open={open} label="Tensors" class="tensors">
      <div class="head">
        <h2 class="bold">{prefix.slice(0, -1) || 'histograms'}</h2>
        <span class="t12 dim">{counted(names.length, 'tensor')}</span>
      </div>
      <div class="tools">
        <span class="stretch">
          <SearchField
            outlined
            label="Search tensors (regex)"
            value={search}
            invalid={!pattern}
            onInput={setSearch}
          />
        </span>
      </div>
      <div class="listrow colh" aria-hidden="true">
        <span>Tensor</span>
        <span>std over steps</span>
        <span>last</span>
      </div>
      <VirtualRows
        items={rows}
        height={ROW_PIXELS}
        label="Tensors"
        row={({ key }, top) => (
          <Row
            key={key}
            name={key}
            prefix={prefix}
            top={top}
            selected={key === field.key}
            color={cssColor(colorOf(run))}
            std={deviations.get(key)}
          />
        )}
      />
    </Sidebar>
  );
}

interface RowProps {
  name: string;
  prefix: string;
  top: number;
  selected: boolean;
  color: string;
  std: Float64Array | undefined;
}

function Row({ name, prefix, top, selected, color, std }: RowProps) {
  return (
    <button
      type="button"
      class={`listrow ${selected ? 'sel' : ''}`}
      style={{ top: `${top}px`, color: undefined }}
      aria-current={selected ? 'true' : undefined}
      aria-label={keyTitle(name.slice(prefix.length))}
      title={name}
      onClick={() => moveFocus(name)}
    >
      <span class="ell">
        <NameOf name={keyTitle(name.slice(prefix.length))} />
      </span>
      <span class="sparkcell" style={{ color: selected ? color : 'var(--ink3)' }}>
        {std && <SparkLine values={std} label="std over steps" width={64} height={18} />}
      </span>
      <span>{std && std.length > 0 ? formatValue(std[std.length - 1], 2) : ''}</span>
    </button>
  );
}
