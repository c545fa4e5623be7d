/** What the name of a metric says of how much it tells. */

import type { JsonObject } from '../model/json';

const COUNTERS =
  /(^|[/_.])(epochs?|steps?|iter(ation)?s?|batch(es)?|samples?|examples?|tokens?|seen|lr|learning_rate|wd|weight_decay|momentum|time|seconds|secs|duration|elapsed|progress)$/i;

/** 0 for a loss, 1 for how good something is, 3 for counters and settings, 2 for all else. */
export function telling(key: string): number {
  if (COUNTERS.test(key)) return 3;
  if (/loss/i.test(key)) return 0;
  return /acc|f1|auc|score|reward|bleu|iou|perplexity|ppl|error|mse|mae/i.test(key) ? 1 : 2;
}

/** The most telling metric of those that at least half as many summaries have as the commonest one. */
export function mainMetric(summaries: JsonObject[]): string | null {
  const owners = new Map<string, number>();
  for (const summary of summaries) {
    for (const [key, value] of Object.entries(summary)) {
      if (typeof value !== 'number' || key.startsWith('_')) continue;
      owners.set(key, (owners.get(key) ?? 0) + 1);
    }
  }
  const most = Math.max(0, ...owners.values());
  const common = [...owners].filter(([, count]) => count >= most / 2).map(([key]) => key);
  return common.sort((a, b) => telling(a) - telling(b))[0] ?? null;
}
