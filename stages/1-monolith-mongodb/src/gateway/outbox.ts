import type { GuildId } from '@threshold/contract'
import type {
  EncodedEvent,
  EventEncoder,
  LogPosition,
  NumberedEvent,
  SentEvents,
  SessionStarts,
} from '@threshold/ports'
import { Dispatch } from './dispatch.ts'
import { isDuplicate } from './session-subscriptions.ts'

/** The way from a session to its client. The connection implements it. */
export interface ClientLink {
  send(event: Dispatch, sequence: number): void
  /**
   * Resolves when the client has read most of what was sent, or is gone. A burst waits for it, so
   * that a slow client does not fill the memory of the gateway.
   */
  drained(): Promise<void>
  /** The session has ended, or goes on over another connection. */
  close(): void
}

/** The place of an event in the log of a guild, or among the user's own events. */
export interface Origin {
  readonly guildId: GuildId | undefined
  /** Undefined: the session has left the guild. */
  readonly position: LogPosition | undefined
}

/**
 * Numbers the events of one session without a gap (`s`) and sends them to its client. Clients
 * repeat the last number in heartbeats, and resume from it.
 */
export class Outbox {
  readonly #encoder: EventEncoder
  /** Undefined in stages 1 and 2, where a session ends with its socket. */
  readonly #sent: SentEvents<Dispatch> | undefined
  /** Undefined while the session waits for its client to resume it. */
  #link: ClientLink | undefined
  #sequence = 0
  /** The last number that a connection has sent. */
  #disconnectedAt = 0
  /** The events since `beginHandover`. */
  #recorded: { readonly event: Dispatch; readonly origin: Origin | undefined }[] | undefined
  readonly #onLost: () => void
  #closed = false

  /** `onLost`: the client cannot resume any more, since it misses more than is kept. */
  constructor(
    encoder: EventEncoder,
    { sent, link }: { sent: SentEvents<Dispatch> | undefined; link: ClientLink | undefined },
    onLost: () => void,
  ) {
    this.#encoder = encoder
    this.#sent = sent
    this.#link = link
    this.#onLost = onLost
  }

  get connected(): boolean {
    return this.#link !== undefined
  }

  get sequence(): number {
    return this.#sequence
  }

  /** Sends an event that only this session receives. */
  dispatch(type: string, data: object, origin?: Origin): void {
    this.send(new Dispatch(this.#encoder, this.#encoder.encode(type, data)), origin)
  }

  send(event: Dispatch, origin?: Origin): void {
    if (this.#closed) return
    this.#recorded?.push({ event, origin })
    this.#sequence += 1
    this.#sent?.add(event, this.#sequence)
    if (this.#link) this.#link.send(event, this.#sequence)
    else if (this.#sent?.keepsAfter(this.#disconnectedAt) === false) this.#onLost()
  }

  /** Sends nothing more, and ends the connection. */
  close(): void {
    this.#closed = true
    const link = this.#link
    this.#link = undefined
    link?.close()
  }

  async drained(): Promise<void> {
    await this.#link?.drained()
  }

  acknowledge(sequence: number): void {
    this.#sent?.acknowledge(sequence)
  }

  disconnect(): void {
    this.#link = undefined
    this.#disconnectedAt = this.#sequence
  }

  /**
   * `bad-sequence`: this number was never sent. `lost`: something after it is not kept any more.
   */
  missedSince(sequence: number): readonly NumberedEvent<Dispatch>[] | 'bad-sequence' | 'lost' {
    if (sequence > this.#sequence) return 'bad-sequence'
    return this.#sent?.after(sequence) ?? 'lost'
  }

  resume(link: ClientLink, missed: readonly NumberedEvent<Dispatch>[]): void {
    this.#link?.close()
    this.#link = link
    this.#recorded = undefined
    for (const { event, sequence } of missed) link.send(event, sequence)
  }

  /** Ends the connection. Returns what the client may not have, and records what comes after it. */
  beginHandover(): EncodedEvent[] {
    this.#link?.close()
    this.disconnect()
    this.#recorded = []
    return this.#sent?.all().map(({ event }) => event.encoded) ?? []
  }

  /**
   * Returns the events since `beginHandover` that the session's next process does not receive.
   * `guilds` are those of the snapshot. The next process joins all others by itself.
   */
  recordedUpTo(starts: SessionStarts, guilds: ReadonlySet<GuildId>): EncodedEvent[] {
    const isMissed = ({ guildId, position }: Origin): boolean => {
      const start = guildId === undefined ? starts.user : starts.guilds.get(guildId)
      if (start) return position !== undefined && isDuplicate(start, position)
      return guildId !== undefined && guilds.has(guildId)
    }
    return (this.#recorded ?? [])
      .filter(({ origin }) => !origin || isMissed(origin))
      .map(({ event }) => event.encoded)
  }

  /** Begins with what another process has sent. */
  restore(sequence: number, sent: readonly EncodedEvent[]): void {
    this.#sequence = sequence
    this.#disconnectedAt = sequence
    const first = sequence - sent.length
    this.#sent?.acknowledge(first)
    for (const [i, event] of sent.entries())
      this.#sent?.add(new Dispatch(this.#encoder, event), first + i + 1)
  }

  sendEncoded(event: EncodedEvent): void {
    this.send(new Dispatch(this.#encoder, event))
  }
}
