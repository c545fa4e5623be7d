/** A link inside the dashboard, followed without a reload. */

import type { AnchorHTMLAttributes, ComponentChildren } from 'preact';
import { navigate } from '../../state/route';

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & {
  href: string;
  children?: ComponentChildren;
};

/** A link inside the dashboard; with a modifier key the browser opens it as any other. */
export function Link({ href, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    navigate(href);
  };
  return (
    <a {...rest} href={href} onClick={follow}>
      {children}
    </a>
  );
}
