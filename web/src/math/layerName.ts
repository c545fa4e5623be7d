/** Names of layers without what wraps a model, so that a compiled or sharded one has the names of
 * the plain one. Keys stay as they are. */

const WRAPPERS = new Set(['_orig_mod', '_fsdp_wrapped_module', '_checkpoint_wrapped_module']);

/** `0.weight` of `module._orig_mod.0.weight`. A layer inside that is called `module` stays. */
export function plainName(name: string): string {
  const parts = name.split('.').filter((part) => !WRAPPERS.has(part));
  if (parts[0] === 'module' && parts.length > 1) parts.shift();
  return parts.join('.');
}

/** The key with the plain name of its layer: what stands before the first slash stays. */
export function plainKey(key: string): string {
  const slash = key.indexOf('/') + 1;
  return key.slice(0, slash) + plainName(key.slice(slash));
}
