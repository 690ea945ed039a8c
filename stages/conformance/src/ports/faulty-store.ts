import type { GuildEvent } from '@threshold/domain'
import { unavailable } from '@threshold/kit'
import type { MetadataStore } from '@threshold/ports'

type Method = 'createGuild' | 'loadGuild' | 'record'

/**
 * A real store with fault injection. It tests the users of a store against every failure that the
 * port allows. The outage suites test that real engines fail in these ways.
 */
export interface FaultyStore {
  /** The store itself, without faults. */
  readonly real: MetadataStore
  /**
   * Makes calls reject with UNAVAILABLE: before they have an effect, after it, or after the first
   * of the events is written. Disposing it ends the fault.
   */
  fail(method: Method, when: 'before' | 'after' | 'midway'): Disposable
  /** Makes calls wait until `release`. `reached` resolves when the first call waits. */
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
