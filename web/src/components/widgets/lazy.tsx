/** Components that are fetched when they are first shown, so that the start stays light. */

import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';

/** Shows nothing until the module is there; a new build on the server asks for a reload. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  const found = signal<ComponentType<Props> | 'failed' | null>(null);
  let asked = false;
  return function Lazy(props: Props) {
    if (!asked) {
      asked = true;
      load().then(
        (component) => {
          found.value = component;
        },
        () => {
          found.value = 'failed';
        },
      );
    }
    const Component = found.value;
    if (Component === 'failed') return <Reload />;
    return Component && <Component {...props} />;
  };
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
