/** What trainings called `alert()` for, newest first. */

import type { Alert } from '../../api/types';
import { formatCount, formatDate } from '../../math/numbers';
import { Icon, type IconName } from '../widgets/Icon';
import { Link } from '../widgets/Link';

const LEVELS: Record<Alert['level'], { name: string; icon: IconName }> = {
  INFO: { name: 'Info', icon: 'info' },
  WARN: { name: 'Warning', icon: 'warn' },
  ERROR: { name: 'Error', icon: 'warn' },
};

export interface ListedAlert extends Alert {
  key: number;
  /** Where there are alerts of several runs. */
  run?: { name: string; href: string };
  fresh?: boolean;
}

interface AlertListProps {
  label: string;
  alerts: ListedAlert[];
  onFollow?(): void;
}

export function AlertList({ label, alerts, onFollow }: AlertListProps) {
  if (alerts.length === 0) return null;
  return (
    <ul class="alerts" aria-label={label}>
      {alerts.map(({ key, level, title, text, time_us, step, run, fresh }) => (
        <li key={key} data-level={level} class={fresh ? 'fresh' : ''}>
          <Icon name={LEVELS[level].icon} />
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: the link in it is what is pressed */}
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the link in it is what is pressed */}
          <div onClick={(event) => (event.target as Element).closest('a') && onFollow?.()}>
            <b>{title}</b>{' '}
            <span class="t12 dim">
              {LEVELS[level].name} · {step !== null && `step ${formatCount(step)} · `}
              {formatDate(time_us)}
            </span>
            {run && (
              <span class="t12">
                {' '}
                ·{' '}
                <Link class="link" href={run.href}>
                  {run.name}
                </Link>
              </span>
            )}
            <p>{text}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}
