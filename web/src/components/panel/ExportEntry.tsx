/** The entry of a menu that exports the page's panels as one file. */

import { attempt, say } from '../../state/toasts';
import { useScope } from '../../state/workspace/workspace';
import { Icon } from '../widgets/Icon';

export function ExportEntry({ close }: { close(): void }) {
  const scope = useScope();
  const run = () => {
    close();
    say('Collecting all panels into one file…');
    void attempt('The view was not exported', async () => {
      const { exportView } = await import('../../export/exportView');
      await exportView(scope);
    });
  };
  return (
    <button type="button" onClick={run}>
      <Icon name="download" />
      Download interactive HTML
    </button>
  );
}
