/** Components that are fetched when they are first shown, so that the start stays light. */

import { type Signal, signal } from '@preact/signals';
import type { ComponentType, VNode } from 'preact';
import { fetched } from '../../state/fetched';

interface LazyOptions<Props> {
  /** Where it is said that the module is not there. */
  frame?(message: VNode): VNode;
  /** What keeps the place until it is. */
  waiting?(props: Props): VNode | null;
}

type Found<Props> = ComponentType<Props> | 'away' | 'gone' | null;

/** Shows nothing, or what keeps the place, until the module is there; a new build on the server asks for a reload. */
export function lazy<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  { frame = (message) => message, waiting = () => null }: LazyOptions<Props> = {},
) {
  const found: Signal<Found<Props>> = signal(null);
  let asked = false;
  return function Lazy(props: Props) {
    if (!asked) {
      asked = true;
      void fetched(load, found);
    }
    const Component = found.value;
    if (Component === 'away') return frame(<Away />);
    if (Component === 'gone') return frame(<Reload />);
    return Component ? <Component {...props} /> : waiting(props);
  };
}

function Away() {
  return (
    <p class="nothing" role="status">
      The server does not answer. This part of the page comes by itself once it does.
    </p>
  );
}

function Reload() {
  return (
    <p class="nothing">
      This part of the dashboard could not be loaded; the server may have a new version.{' '}
      <button type="button" class="link" onClick={() => location.reload()}>
        Reload the page
      </button>
    </p>
  );
}
