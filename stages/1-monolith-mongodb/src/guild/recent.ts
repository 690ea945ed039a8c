/** A bounded memory of what was seen last: the oldest entry makes room for the newest. */
export interface Recent<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

export function createRecent<V>(most: number): Recent<V> {
  const entries = new Map<string, V>()
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      entries.delete(key) // what is seen again is young again
      if (entries.size >= most) entries.delete(entries.keys().next().value!)
      entries.set(key, value)
    },
  }
}
