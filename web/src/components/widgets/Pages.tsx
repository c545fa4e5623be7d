/** Which page of a long list is shown, with buttons to those before and after. */

import { IconButton } from './controls';

interface PagesProps {
  /** What the list holds, as in "Rows before these". */
  what: string;
  page: number;
  last: number;
  onPage(page: number): void;
}

export function Pages({ what, page, last, onPage }: PagesProps) {
  return (
    <span class="pager">
      <IconButton
        icon="left"
        label={`${what} before these`}
        small
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      />
      {page + 1} of {last + 1}
      <IconButton
        icon="right"
        label={`${what} after these`}
        small
        disabled={page === last}
        onClick={() => onPage(page + 1)}
      />
    </span>
  );
}
