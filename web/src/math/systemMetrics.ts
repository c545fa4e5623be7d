/** Machine metrics in the words and units of people; W&B's keys for them are those of programs. */

import { machineMetric, processIn } from './machineMetrics';

export interface SystemMetric {
  /** With its unit: `GPU 0 memory (GB)`. */
  title: string;
  /** What a logged value is multiplied by to be in that unit. */
  factor: number;
  /** A share of all there is, which is drawn from 0 to 100. */
  percent: boolean;
}

const GIGABYTE = 1e-9;
const MEGABYTE = 1e-6;
const MEBIBYTES = 2 ** 20;
const GIBIBYTES = 2 ** 30;

type Rule = [pattern: RegExp, title: string, factor?: number];

/** `$1` is the first part in parentheses. The first rule that fits is taken. */
const RULES: Rule[] = [
  [/^gpu\.process\.(\d+)\.memoryAllocatedBytes$/, 'GPU $1 memory of the process (GB)', GIGABYTE],
  [/^gpu\.process\.(\d+)\.memoryAllocated$/, 'GPU $1 memory of the process (%)'],
  [/^gpu\.process\.(\d+)\.gpu$/, 'GPU $1 load of the process (%)'],
  [/^gpu\.process\.(\d+)\.memory$/, 'GPU $1 memory access of the process (%)'],
  [/^gpu\.(?:process\.)?(\d+)\.temp$/, 'GPU $1 temperature (°C)'],
  [/^gpu\.(?:process\.)?(\d+)\.powerWatts$/, 'GPU $1 power (W)'],
  [/^gpu\.(?:process\.)?(\d+)\.powerPercent$/, 'GPU $1 power (%)'],
  [/^gpu\.(\d+)\.enforcedPowerLimitWatts$/, 'GPU $1 power limit (W)'],
  [/^gpu\.(\d+)\.memoryAllocatedBytes$/, 'GPU $1 memory (GB)', GIGABYTE],
  [/^gpu\.(\d+)\.memoryAllocated$/, 'GPU $1 memory (%)'],
  [/^gpu\.(\d+)\.gpu$/, 'GPU $1 load (%)'],
  [/^gpu\.(\d+)\.memory$/, 'GPU $1 memory access (%)'],
  [/^gpu\.(\d+)\.smClock$/, 'GPU $1 processor clock (MHz)'],
  [/^gpu\.(\d+)\.graphicsClock$/, 'GPU $1 graphics clock (MHz)'],
  [/^gpu\.(\d+)\.memoryClock$/, 'GPU $1 memory clock (MHz)'],
  [/^gpu\.(\d+)\.memoryTemp$/, 'GPU $1 memory temperature (°C)'],
  [/^gpu\.(\d+)\.fanSpeed$/, 'GPU $1 fan (%)'],
  [/^gpu\.(\d+)\.encoderUtilization$/, 'GPU $1 encoder (%)'],
  [/^gpu\.(\d+)\.correctedMemoryErrors$/, 'GPU $1 corrected memory errors'],
  [/^gpu\.(\d+)\.uncorrectedMemoryErrors$/, 'GPU $1 uncorrected memory errors'],
  [/^cpu$/, 'CPU (%)'],
  [/^cpu\.(\d+)\.cpu_percent$/, 'CPU core $1 (%)'],
  [/^cpu\.avg_temp$/, 'CPU temperature (°C)'],
  [/^cpu\.powerWatts$/, 'CPU power (W)'],
  [/^memory(?:_percent)?$/, 'Memory (%)'],
  [/^memory\.used$/, 'Memory (GB)', GIGABYTE],
  [/^memory\.used_percent$/, 'Memory (%)'],
  [/^swap\.used$/, 'Swap (GB)', GIGABYTE],
  [/^swap\.used_percent$/, 'Swap (%)'],
  [/^proc\.memory\.availableMB$/, 'Memory available (GB)', MEBIBYTES * GIGABYTE],
  [/^proc\.memory\.rssMB$/, 'Memory of the process (GB)', MEBIBYTES * GIGABYTE],
  [/^proc\.memory\.percent$/, 'Memory of the process (%)'],
  [/^proc\.cpu\.threads$/, 'Threads of the process'],
  [/^disk\.(.+)\.usagePercent$/, 'Disk $1 used (%)'],
  [/^disk\.(.+)\.usageGB$/, 'Disk $1 used (GB)', GIBIBYTES * GIGABYTE],
  [/^disk(?:\.(.+))?\.in$/, 'Disk $1 read (MB)', MEBIBYTES * MEGABYTE],
  [/^disk(?:\.(.+))?\.out$/, 'Disk $1 written (MB)', MEBIBYTES * MEGABYTE],
  [/^network\.sent$/, 'Network sent (MB)', MEGABYTE],
  [/^network\.recv$/, 'Network received (MB)', MEGABYTE],
  [/^tpu\.(\d+)\.dutyCycle$/, 'TPU $1 load (%)'],
  [/^tpu\.(\d+)\.memoryUsage$/, 'TPU $1 memory (%)'],
  [/^tpu\.(\d+)\.memoryUsageBytes$/, 'TPU $1 memory (GB)', GIGABYTE],
];

const known = new Map<string, SystemMetric>();

/** A key without a rule is its own name; one of a process is named with it. */
export function systemMetric(key: string): SystemMetric {
  let found = known.get(key);
  if (!found) {
    found = readMetric(machineMetric(key).replace(/^system[./]/, ''));
    const process = processIn(key);
    if (process) found = { ...found, title: `${found.title} · ${process}` };
    known.set(key, found);
  }
  return found;
}

function readMetric(key: string): SystemMetric {
  const rule = RULES.find(([pattern]) => pattern.test(key));
  if (!rule) return { title: key, factor: 1, percent: false };
  const [pattern, words, factor = 1] = rule;
  const title = key.replace(pattern, words).replace('  ', ' ');
  return { title, factor, percent: title.endsWith('(%)') };
}
