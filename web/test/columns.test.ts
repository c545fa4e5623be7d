import { expect, test } from 'vitest';
import { unpackColumns } from '../src/api/columns';

const bytes = (...numbers: number[]) => new Uint8Array(Float64Array.from(numbers).buffer);

test('columns come as bytes, as the name of an equal one, or as their only number', () => {
  const unaligned = new Uint8Array([0, ...bytes(1, 2)]).subarray(1); // as slices of an answer are
  const columns = unpackColumns({ bucket: unaligned, mean: bytes(7, 8), min: 'mean', nan: 3 });
  expect([...columns.bucket!]).toEqual([1, 2]);
  expect([...columns.mean!]).toEqual([7, 8]);
  expect(columns.min).toBe(columns.mean);
  expect([...columns.nan!]).toEqual([3, 3]);
});

test('columns of zeros and ones share memory over series, and within one they are one', () => {
  const first = unpackColumns({ bucket: bytes(1, 2), count: 1, finite: 1, nan: 0 });
  const other = unpackColumns({ bucket: bytes(4, 5), count: 1 });
  expect(first.count).toBe(first.finite);
  expect(first.count!.buffer).toBe(other.count!.buffer);
  expect([...first.nan!, ...other.count!]).toEqual([0, 0, 1, 1]);
});

test('a line of one bucket or none has its columns as bytes', () => {
  expect([...unpackColumns({ bucket: bytes(), count: 'bucket' }).count!]).toEqual([]);
});
