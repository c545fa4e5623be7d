/** Numeric columns of the server's MessagePack answers (docs/http_api.md). */

/** Each column as its bytes, the name of an earlier one that is equal, or the one number it holds. */
export type PackedColumns = Record<string, Uint8Array | string | number>;

/** Arrays of zeros, ones and NaN, which most counts are: one of each for all lines on the page. */
const kept = new Map<number, Float64Array>();

/** `length` times `value`; not to be written to. */
export function constantColumn(value: number, length: number): Float64Array {
  if (value !== 0 && value !== 1 && !Number.isNaN(value))
    return new Float64Array(length).fill(value);
  let numbers = kept.get(value);
  if (!numbers || numbers.length < length) {
    numbers = new Float64Array(2 * length).fill(value);
    kept.set(value, numbers);
  }
  return numbers.subarray(0, length);
}

/** Columns come as little-endian float64 in unaligned slices of the answer. */
const floats = (bytes: Uint8Array): Float64Array => new Float64Array(bytes.slice().buffer);

/**
 * Columns as arrays. Those that are equal are one array, and constant ones of several series share
 * their memory: none may be written to. The first column is never a constant.
 */
export function unpackColumns(packed: PackedColumns): Record<string, Float64Array> {
  const columns: Record<string, Float64Array> = {};
  const constants = new Map<number, Float64Array>();
  const lengthOf = () => Object.values(columns)[0]!.length;
  for (const [name, column] of Object.entries(packed)) {
    if (typeof column === 'string') columns[name] = columns[column]!;
    else if (typeof column !== 'number') columns[name] = floats(column);
    else {
      const known = constants.get(column) ?? constantColumn(column, lengthOf());
      constants.set(column, known);
      columns[name] = known;
    }
  }
  return columns;
}
