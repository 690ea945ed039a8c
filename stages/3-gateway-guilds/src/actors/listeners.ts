import type { Listener } from '@threshold/stage-1/guild/audience'
import { bitsetOf, type Slots } from '../wire/link.ts'

/** A session on some gateway. The gateway knows it by its slot. */
export interface RemoteListener extends Listener {
  readonly gateway: string
  readonly slot: number
}

/** The sessions of one guild or user, by gateway. */
export class ListenersByGateway {
  readonly #gateways = new Map<string, Map<number, RemoteListener>>()
  /** The guild gives the same list as long as its audience is the same. */
  readonly #grouped = new WeakMap<readonly RemoteListener[], ReadonlyMap<string, Slots>>()

  add(listener: RemoteListener): void {
    const { gateway, slot } = listener
    const slots = this.#gateways.get(gateway) ?? new Map<number, RemoteListener>()
    this.#gateways.set(gateway, slots.set(slot, listener))
  }

  get(gateway: string, slot: number): RemoteListener | undefined {
    return this.#gateways.get(gateway)?.get(slot)
  }

  /** Removes a session, unless its slot has another one by now. Returns what it removed. */
  remove({ gateway, slot, sessionId }: Omit<RemoteListener, 'userId'>): RemoteListener | undefined {
    const slots = this.#gateways.get(gateway)
    const listener = slots?.get(slot)
    if (listener?.sessionId !== sessionId) return undefined
    slots!.delete(slot)
    if (slots!.size === 0) this.#gateways.delete(gateway)
    return listener
  }

  ofGateway(gateway: string): readonly RemoteListener[] {
    return [...(this.#gateways.get(gateway)?.values() ?? [])]
  }

  gateways(): string[] {
    return [...this.#gateways.keys()]
  }

  all(): RemoteListener[] {
    return [...this.#gateways.values()].flatMap((slots) => [...slots.values()])
  }

  /** `slotsOf`, with no slots for each gateway that has sessions and no recipient among them. */
  audienceOf(listeners: readonly RemoteListener[]): Map<string, Slots> {
    const none = this.gateways().map((gateway) => [gateway, new Uint8Array()] as const)
    return new Map<string, Slots>([...none, ...this.slotsOf(listeners)])
  }

  /**
   * The recipients of an event on each gateway: all of its sessions, or one bit a slot. An event
   * for ten thousand sessions on four gateways is four messages of about a kilobyte.
   */
  slotsOf(listeners: readonly RemoteListener[]): ReadonlyMap<string, Slots> {
    let grouped = this.#grouped.get(listeners)
    if (!grouped) {
      grouped = new Map(
        [...Map.groupBy(listeners, ({ gateway }) => gateway)].map(([gateway, members]) => {
          const isAll = members.length === this.#gateways.get(gateway)?.size
          return [gateway, isAll ? ('all' as const) : bitsetOf(members)]
        }),
      )
      this.#grouped.set(listeners, grouped)
    }
    return grouped
  }
}
