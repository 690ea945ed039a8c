import type { GuildEvent } from '@threshold/domain'
import { unavailable } from '@threshold/kit'
import type { MetadataStore } from '@threshold/ports'

type Method = 'createGuild' | 'loadGuild' | 'record'

/**
 * A real store whose calls can be made to fail, or to wait, from outside. What stands on a store is
 * tested against what the port allows a store to do; that real engines do these things too is for
 * the suites that kill and pause one.
 */
export interface FaultyStore {
  /** The store itself, out of reach of all faults. */
  readonly real: MetadataStore
  /**
   * From now on, calls are answered UNAVAILABLE: before anything is done, after all of it, or with
   * only the first of the events written. Dispose heals.
   */
  fail(method: Method, when: 'before' | 'after' | 'midway'): Disposable
  /** From now on, calls wait until they are released. `reached` resolves when one does. */
  block(method: Method): { readonly reached: Promise<void>; release(): void }
}

interface Fault {
  readonly method: Method
  act(call: () => Promise<unknown>, args: readonly unknown[]): Promise<unknown>
}

export function faultyStore(real: MetadataStore): { store: MetadataStore; faults: FaultyStore } {
  const active = new Set<Fault>()
  const start = (fault: Fault): (() => void) => {
    active.add(fault)
    return () => void active.delete(fault)
  }

  const store = new Proxy(real, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        const call = (): Promise<unknown> =>
          (value as (...all: unknown[]) => Promise<unknown>).apply(target, args)
        const fault = [...active].find(({ method }) => method === key)
        return fault ? fault.act(call, args) : call()
      }
    },
  })

  const faults: FaultyStore = {
    real,
    fail(method, when) {
      const act: Fault['act'] = async (call, args) => {
        if (when === 'after') await call()
        if (when === 'midway') {
          const [guild, events, deadline] = args as Parameters<MetadataStore['record']>
          await real.record(guild, (events as readonly GuildEvent[]).slice(0, 1), deadline)
        }
        throw unavailable('the store')
      }
      const heal = start({ method, act })
      return { [Symbol.dispose]: heal }
    },
    block(method) {
      const reached = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      const heal = start({
        method,
        async act(call) {
          reached.resolve()
          await released.promise
          return call()
        },
      })
      return {
        reached: reached.promise,
        release() {
          heal()
          released.resolve()
        },
      }
    },
  }
  return { store, faults }
}
