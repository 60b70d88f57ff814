import type { AdoptedObjects, ArchiveObjects } from '@tvm/core/audit/archive/ports.ts';

/** An archive in memory. Tests can read and change its objects in `content`. */
export function inMemoryArchive(
  content = new Map<string, Uint8Array>(),
): ArchiveObjects & { content: Map<string, Uint8Array> } {
  return {
    content,
    async putNew(key, text) {
      if (content.has(key)) return false;
      content.set(key, Buffer.from(text));
      return true;
    },
    get: async (key) => content.get(key),
    async *list(prefix, after = '') {
      for (const key of [...content.keys()].sort()) if (key.startsWith(prefix) && key > after) yield key;
    },
  };
}

/** Adopted objects in memory, by the names of the objects. */
export function inMemoryAdopted(adopted = new Map<string, readonly string[]>()): AdoptedObjects {
  return {
    events: async () => new Set([...adopted.values()].flat()),
    async add(key, events) {
      adopted.set(key, events);
    },
  };
}
