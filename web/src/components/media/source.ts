import { ApiError } from '../../api/client';
import type { Loaded } from '../../state/media/hooks';

/** An address that may still be on its way, as the text to use or the error to show. */
export function hrefText(href: Loaded<string>): { text: string | null; error: string | null } {
  if (href instanceof ApiError) return { text: null, error: href.message };
  return { text: href, error: null };
}
