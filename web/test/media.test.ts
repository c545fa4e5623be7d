import { expect, test } from 'vitest';
import { lastItems, mediaItems, mimeOf } from '../src/math/media';

test('a batch of images comes apart with its captions, masks and boxes', () => {
  const mask = { seg: { _type: 'mask', path: 'm.png', sha256: 'aa' } };
  const items = mediaItems({
    _type: 'images/separated',
    filenames: ['a.png', 'b.png'],
    captions: ['one', 'two'],
    all_masks: [null, mask],
    width: 4,
    height: 3,
  });
  expect(items.map(({ kind, path, caption }) => [kind, path, caption])).toEqual([
    ['image', 'a.png', 'one'],
    ['image', 'b.png', 'two'],
  ]);
  expect(items[1].layers).toEqual([{ name: 'seg', kind: 'mask', sha256: 'aa', path: 'm.png' }]);
});

test('lists of complete values keep their hashes', () => {
  const sound = { _type: 'audio-file', path: 'x.wav', sha256: 'ff' };
  expect(mediaItems({ _type: 'audio', audio: [sound], captions: ['hum'] })[0]).toMatchObject({
    kind: 'audio',
    sha256: 'ff',
    caption: 'hum',
  });
  expect(mediaItems([sound, sound])).toHaveLength(2);
});

test('what no browser draws is a file', () => {
  const kindOf = (_type: string, path: string) => mediaItems({ _type, path })[0].kind;
  expect(kindOf('object3D-file', 'a.babylon')).toBe('file');
  expect(kindOf('object3D-file', 'a.GLB')).toBe('model');
  expect(kindOf('molecule-file', 'a.mmtf')).toBe('file');
  expect(kindOf('molecule-file', 'a.pdb')).toBe('molecule');
  expect(kindOf('object3D-file', 'a.pts.json')).toBe('points');
  expect(kindOf('image-file', 'a.tiff')).toBe('file');
  expect(kindOf('video-file', 'a.gif')).toBe('image');
  expect(mimeOf('A.SVG')).toBe('image/svg+xml');
});

test('an increment of a table has those of the same table before it, each once', () => {
  const increment = (increment_num: number, path: string) => ({
    _type: 'incremental-table-file',
    log_mode: 'INCREMENTAL',
    increment_num,
    path,
  });
  const values = [
    increment(0, 'old'),
    increment(0, 'a'),
    increment(0, 'a'),
    increment(1, 'b'),
    increment(2, 'c'),
  ];
  const before = (end: number) =>
    lastItems(values.slice(0, end)).map((item) => item.before.map(({ path }) => path));
  expect([1, 2, 3, 4, 5].map(before)).toEqual([[[]], [[]], [[]], [['a']], [['a', 'b']]]);
  expect(lastItems([...values, { _type: 'table-file', path: 't' }])[0].before).toEqual([]);
});
