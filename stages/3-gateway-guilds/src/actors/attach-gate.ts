import { type Deadline, withDeadline } from '@threshold/kit'
import { moved } from '../nats/hub-client.ts'

/**
 * Holds the events of a partition back until every gateway has attached its sessions to the new
 * owner. An event that took its position earlier would have an audience without those sessions, and
 * they would never receive it.
 *
 * It needs no time limit: a gateway that does not attach loses its lease, and with it its sessions.
 */
export class AttachGate {
  /** Gateways that have not attached, or the guilds and users for which one has not. */
  readonly #pending: Map<string, ReadonlySet<string> | 'all'>
  #changed = Promise.withResolvers<void>()
  #givenUp = false

  constructor(gateways: Iterable<string>) {
    this.#pending = new Map([...gateways].map((gateway) => [gateway, 'all']))
  }

  /** These gateways are to attach their sessions in one guild again. */
  expect(id: string, gateways: readonly string[]): void {
    for (const gateway of gateways) {
      const pending = this.#pending.get(gateway) ?? []
      if (pending !== 'all') this.#pending.set(gateway, new Set([...pending, id]))
    }
  }

  /** The gateway has attached all of its sessions, or all but those of some guilds and users. */
  attached(gateway: string, except: readonly string[] = []): void {
    if (except.length > 0 && this.#pending.has(gateway)) this.#pending.set(gateway, new Set(except))
    else this.#pending.delete(gateway)
    this.#notify()
  }

  /** The gateway has attached its sessions in one guild, or of one user, after `attached`. */
  attachedOne(gateway: string, id: string): void {
    const pending = this.#pending.get(gateway)
    if (typeof pending !== 'object' || !pending.has(id)) return
    this.attached(
      gateway,
      [...pending].filter((other) => other !== id),
    )
  }

  gone(gateway: string): void {
    this.attached(gateway)
  }

  /** The partition is given up. Those who wait are to ask the next owner. */
  giveUp(): void {
    this.#givenUp = true
    this.#notify()
  }

  /**
   * Resolves when all gateways have attached their sessions in this guild, or of this user. Rejects
   * with `MOVED` if the partition is given up before.
   */
  async wait(id: string, deadline: Deadline): Promise<void> {
    while (this.#isClosed(id)) {
      if (this.#givenUp) throw moved()
      await withDeadline(deadline, 'the attachment of all gateways', this.#changed.promise)
    }
  }

  #isClosed(id: string): boolean {
    return this.#pending.values().some((pending) => pending === 'all' || pending.has(id))
  }

  #notify(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
