import { expect, test } from 'vitest';
import type { Key, Run } from '../src/api/types';
import { linesOfList, ranksText, trainingName } from '../src/state/runs/trainings';
import { drawnKeys, machinePanels } from '../src/state/view/machinePanels';

const key = (name: string, runs = [1]): Key =>
  ({ kind: 'system', key: name, runs }) as unknown as Key;

test('a machine metric of several processes is one panel, ranks in the order of their numbers', () => {
  const [cpu, disk, ...more] = machinePanels([
    key('system.cpu/l:rank 10', [2]),
    key('system.disk', [1]),
    key('system.cpu/l:rank 2', [2]),
    key('system.cpu', [1]),
  ]);
  expect(more).toEqual([]);
  expect([cpu.key, [...cpu.runs].sort()]).toEqual(['system.cpu', [1, 2]]);
  expect(drawnKeys(cpu).map((one) => one.key)).toEqual([
    'system.cpu',
    'system.cpu/l:rank 2',
    'system.cpu/l:rank 10',
  ]);
  expect(drawnKeys(disk)).toEqual([disk]);
});

const rankOf = (launch: string, rank: number | null, name = `${launch}-rank${rank}`): Run =>
  ({ launch, rank, name, group: launch, state: 'finished' }) as unknown as Run;

test('ranks of one launch are one line, other runs lines of their own', () => {
  const [a0, a1, b0, alone] = [
    rankOf('a', 0),
    rankOf('a', 1),
    rankOf('b', 0),
    rankOf('', null, 'x'),
  ];
  expect(linesOfList([a1, b0, alone, a0])).toEqual([[a1, a0], [b0], [alone]]);
  const both = [rankOf('c', 0, 'train'), rankOf('c', 0, 'test')]; // two runs of rank 0
  expect(linesOfList(both)).toEqual([[both[0]], [both[1]]]);
});

test.each([
  [['vit-rank0', 'vit-rank1'], 'vit'],
  [['vit-rank10', 'vit-rank11'], 'vit'],
  [['seed 1 (rank 0)', 'seed 1 (rank 1)'], 'seed 1'],
  [['run_r0', 'run_r1'], 'run'],
  [['solar0', 'solar1'], 'solar'],
  [['rank0', 'rank1'], 'job'],
  [['resnet-50', 'resnet-50'], 'resnet-50'],
  [['one', 'two'], 'job'],
])('ranks named %j are the training %s', (names, expected) => {
  expect(trainingName(names.map((name, rank) => rankOf('job', rank, name)))).toBe(expected);
});

test('of ranks that are not well it is said which, of several how many', () => {
  const runs = [0, 1, 2].map((rank) => rankOf('a', rank));
  const failed = (...ranks: number[]) =>
    runs.map((run): Run => (ranks.includes(run.rank!) ? { ...run, state: 'failed' } : run));
  expect(ranksText(runs)).toBe('3 ranks');
  expect(ranksText(failed(2))).toBe('rank 2 failed');
  expect(ranksText(failed(1, 2))).toBe('2 of 3 failed');
});
