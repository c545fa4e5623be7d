/** Alerts of the open project: how many are new, and all of them on a click. */

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { alerts, followAlerts, markSeen, seenId, unread } from '../../state/alerts';
import { runHref } from '../../state/route';
import { IconButton } from '../widgets/controls';
import { MenuList } from '../widgets/Menu';
import { AlertList } from './AlertList';

interface AlertBellProps {
  entity: string;
  project: string;
}

export function AlertBell({ entity, project }: AlertBellProps) {
  /** What had been seen when the list was opened; null while it is closed. */
  const before = useSignal<number | null>(null);
  useEffect(() => followAlerts(entity, project), [entity, project]);
  const count = unread.value;
  const close = () => {
    before.value = null;
  };
  const toggle = () => {
    before.value = before.value === null ? seenId.peek() : null;
    markSeen();
  };
  const words = count > 0 ? `Alerts, ${count} new` : 'Alerts';
  return (
    <span class="bell" id="alert-bell">
      <IconButton icon="bell" label={words} expanded={before.value !== null} onClick={toggle} />
      {count > 0 && (
        <span class="unread" aria-hidden="true">
          {count > 99 ? '99+' : count}
        </span>
      )}
      {before.value !== null && (
        <MenuList
          wide
          label="Alerts of this project"
          anchor={() => document.getElementById('alert-bell')}
          onClose={close}
        >
          <Listed entity={entity} project={project} before={before.value} onFollow={close} />
        </MenuList>
      )}
    </span>
  );
}

interface ListedProps extends AlertBellProps {
  before: number;
  onFollow(): void;
}

function Listed({ entity, project, before, onFollow }: ListedProps) {
  if (alerts.value.length === 0) {
    return (
      <p class="opt mid">
        <span>
          No alert yet. <code>run.alert(title, text)</code> sends one.
        </span>
      </p>
    );
  }
  const listed = alerts.value.map((alert) => ({
    ...alert,
    key: alert.id,
    fresh: alert.id > before,
    run: { name: alert.name, href: runHref(entity, project, alert.run_id, 'overview') },
  }));
  return <AlertList label="Alerts of this project" alerts={listed} onFollow={onFollow} />;
}
