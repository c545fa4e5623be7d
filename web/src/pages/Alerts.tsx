/** What the training called `alert()` for, newest first. */

import type { Alert } from '../api/types';
import { Icon, type IconName } from '../components/widgets/Icon';
import { formatDate } from '../math/numbers';

const LEVELS: Record<Alert['level'], { name: string; icon: IconName }> = {
  INFO: { name: 'Info', icon: 'info' },
  WARN: { name: 'Warning', icon: 'warn' },
  ERROR: { name: 'Error', icon: 'warn' },
};

export function Alerts({ alerts }: { alerts: Alert[] }) {
  if (alerts.length === 0) return null;
  return (
    <ul class="alerts" aria-label="Alerts of this run">
      {[...alerts].reverse().map((alert, i) => (
        <li key={alerts.length - i} data-level={alert.level}>
          <Icon name={LEVELS[alert.level].icon} />
          <div>
            <b>{alert.title}</b>{' '}
            <span class="t12 dim">
              {LEVELS[alert.level].name} · {formatDate(alert.time_us)}
            </span>
            <p>{alert.text}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}
