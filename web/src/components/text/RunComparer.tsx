/** Settings and results of the shown runs side by side, by default only where they differ. */

import { useMemo, useState } from 'preact/hooks';
import { columnsOf, fullName } from '../../state/runs/runColumns';
import { baselineId, sortOf } from '../../state/runs/runList';
import { colorOf, cssColor, runValue, sortRuns } from '../../state/runs/visibility';
import { useScope } from '../../state/workspace/workspace';
import { Check } from '../widgets/controls';
import { ValueText } from '../widgets/ValueText';

const MOST_RUNS = 12;

/** `still`: as it is by default, without a switch. */
export function RunComparer({ still = false }: { still?: boolean }) {
  const shown = useScope().runs.value;
  const { by, descending } = sortOf();
  const all = useMemo(() => sortRuns(shown, { by, descending }), [shown, by, descending]);
  const [onlyDifferent, setOnlyDifferent] = useState(true);
  const base = all.find(({ run_id }) => run_id === baselineId.value);
  const ordered = base ? [base, ...all.filter((run) => run !== base)] : all;
  const runs = ordered.slice(0, MOST_RUNS);
  const rows = useMemo(() => {
    const names = columnsOf(all);
    if (!onlyDifferent) return names;
    return names.filter((by) => {
      const first = JSON.stringify(runValue(runs[0], by));
      return runs.some((run) => JSON.stringify(runValue(run, by)) !== first);
    });
  }, [all, base, onlyDifferent]);
  return (
    <div class="comparer">
      <div class="row">
        {!still && (
          <Check label="Only differences" checked={onlyDifferent} onChange={setOnlyDifferent} />
        )}
        {all.length > MOST_RUNS && (
          <span class="badge">
            {MOST_RUNS} of {all.length} runs
          </span>
        )}
      </div>
      <div class="scroll">
        <table class="table">
          <thead>
            <tr>
              <th>Value</th>
              {runs.map((run) => (
                <th key={run.uid} style={{ '--c': cssColor(colorOf(run)) }} title={run.name}>
                  <span class="dot" /> {run.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((by) => (
              <tr key={by}>
                <td class="mid">{fullName(by)}</td>
                {runs.map((run) => (
                  <td key={run.uid}>
                    <ValueText value={runValue(run, by)} exact={by.startsWith('config.')} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <p class="dim">These runs do not differ.</p>}
      </div>
    </div>
  );
}
