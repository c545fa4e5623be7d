/** The name under which a key is seen: one that is empty or blank has a name too. */
export const keyTitle = (key: string): string => (key.trim() === '' ? '(empty name)' : key);
