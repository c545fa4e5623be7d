/** Collects what is wanted during one frame, so that it goes to the server in few requests. */

export class Batcher<Item> {
  private waiting: Item[] = [];

  constructor(private readonly handle: (items: Item[]) => void) {}

  add(items: Item[]): void {
    if (items.length === 0) return;
    if (this.waiting.length === 0) setTimeout(() => this.flush(), 0);
    this.waiting.push(...items);
  }

  /** Does not wait for the end of the frame. */
  flush(): void {
    const items = this.waiting;
    this.waiting = [];
    this.handle(items);
  }
}

/** Items that share a text key, in order of first appearance. */
export function groupBy<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

export function chunks<Item>(items: Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}
