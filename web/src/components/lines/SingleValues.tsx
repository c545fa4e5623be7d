/** Keys that a run has logged once each: a table says more than a panel for every number. */

import type { Key, Run } from '../../api/types';
import { fieldTitle } from '../../math/keyTitle';
import { formatExact, formatValue } from '../../math/numbers';
import { systemMetric } from '../../math/systemMetrics';
import { specOf, xOf } from '../../state/lines/lines';
import { useSeries } from '../../state/workspace/hooks';
import { useScope } from '../../state/workspace/workspace';
import { KeyName } from '../panel/KeyName';
import './lines.css';

interface SingleValuesProps {
  section: string;
  fields: Key[];
  run: Run;
}

export function SingleValues({ section, fields, run }: SingleValuesProps) {
  const { workspace } = useScope();
  const loaded = useSeries(
    fields.map((field) => specOf(field, run, xOf(workspace, field, 'auto'), null)),
  );
  const numberOf = (field: Key) => {
    const answer = loaded.values.find(({ spec }) => spec.key === field.key)?.answer;
    const factor = field.kind === 'system' ? systemMetric(field.key).factor : 1;
    return answer ? answer.columns.last[0] * factor : undefined;
  };
  return (
    <section class="singles" aria-label={`Single values of ${section}`}>
      <table class="table">
        <tbody>
          {fields.map((field) => (
            <tr key={field.key}>
              <th scope="row" aria-label={fieldTitle(field)}>
                <KeyName name={fieldTitle(field)} />
              </th>
              <Value value={numberOf(field)} />
            </tr>
          ))}
        </tbody>
      </table>
      {loaded.error && (
        <p class="bad t12" role="alert">
          {loaded.error.message}
        </p>
      )}
    </section>
  );
}

/** The place of a value that is on its way is kept. */
function Value({ value }: { value: number | undefined }) {
  if (value === undefined) return <td class="r-num" aria-busy="true" />;
  return (
    <td class={`r-num ${Number.isFinite(value) ? '' : 'bad'}`} title={formatExact(value)}>
      {formatValue(value)}
    </td>
  );
}
