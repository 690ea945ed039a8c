import { createHash, timingSafeEqual } from 'node:crypto'
import type { ChannelId, GuildId, UserId } from '@threshold/contract'
import type { Runtime } from '@threshold/kit'
import { type Identify, VoiceCloseCodes, VoiceOpcodes } from './protocol.ts'

/**
 * What the gateway says of a user who is in a call: in which channel, and for which of the user's
 * gateway sessions.
 */
export interface Admission {
  readonly guildId: GuildId
  readonly channelId: ChannelId
  readonly userId: UserId
  readonly sessionId: string
  /** May listen and not speak: muted by a moderator, or without the permission. */
  readonly silent?: boolean
}

/** One end of a call. Sending must not throw and must not wait. */
export interface VoicePeer {
  send(op: VoiceOpcodes, d: object): void
  close(code: VoiceCloseCodes): void
  /** Whether what they say is kept from the others. */
  silence(silent: boolean): void
}

export interface Seat extends Admission {
  /** Of the token that was handed out and not yet used; the token itself is not kept. */
  tokenHash: Buffer | undefined
  peer: VoicePeer | undefined
  silent: boolean
}

export interface Call {
  /**
   * Shared by the channel's members, since this relay forwards what it cannot read. An SFU gives
   * each member a key of their own and encrypts anew for each; DAVE adds keys that only the members
   * hold and that change whenever one comes or goes.
   */
  readonly secretKey: Buffer
  readonly mediaSessionId: string
  readonly peers: Map<UserId, VoicePeer>
}

export type ClaimResult = { readonly seat: Seat } | { readonly refused: VoiceCloseCodes }

/** Bytes nobody can guess. */
const TOKEN_BYTES = 24
const KEY_BYTES = 32

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

/**
 * Who may sit where, and who talks to whom. Knows nothing of sockets. A user has at most one seat
 * in a guild.
 */
export class Calls {
  readonly #random: Runtime['random']
  readonly #guilds = new Map<GuildId, Map<UserId, Seat>>()
  readonly #calls = new Map<ChannelId, Call>()

  constructor(runtime: Pick<Runtime, 'random'>) {
    this.#random = runtime.random
  }

  /**
   * A token for the way in, good for one Identify. Whoever sat in another channel, or for another
   * session, has moved.
   */
  admit(admission: Admission): string {
    const token = this.#random(TOKEN_BYTES).toString('base64url')
    const seats = this.#guilds.get(admission.guildId) ?? new Map<UserId, Seat>()
    this.#guilds.set(admission.guildId, seats)
    const old = seats.get(admission.userId)
    if (old?.channelId === admission.channelId && old.sessionId === admission.sessionId) {
      // Asked again, as a client does whose voice socket died: what still talks goes on until the
      // new token is used.
      old.tokenHash = hashOf(token)
      this.silence(admission.guildId, admission.userId, admission.silent ?? false)
      return token
    }
    seats.set(admission.userId, {
      ...admission,
      silent: admission.silent ?? false,
      tokenHash: hashOf(token),
      peer: undefined,
    })
    old?.peer?.close(VoiceCloseCodes.Disconnected)
    return token
  }

  silence(guildId: GuildId, userId: UserId, silent: boolean): void {
    const seat = this.#guilds.get(guildId)?.get(userId)
    if (seat === undefined) return
    seat.silent = silent
    seat.peer?.silence(silent)
  }

  dismiss(guildId: GuildId, userId: UserId): void {
    const seats = this.#guilds.get(guildId)
    const seat = seats?.get(userId)
    if (seats === undefined || seat === undefined) return
    seats.delete(userId)
    if (seats.size === 0) this.#guilds.delete(guildId)
    seat.peer?.close(VoiceCloseCodes.Disconnected)
  }

  /** Checks an Identify and uses its token up. */
  authenticate(identify: Identify): ClaimResult {
    const seats = this.#guilds.get(identify.server_id)
    if (seats === undefined) return { refused: VoiceCloseCodes.ServerNotFound }
    const seat = seats.get(identify.user_id)
    // Digests have one length and are compared in constant time: the answer's timing tells nothing
    // of the token.
    if (seat?.tokenHash === undefined || !timingSafeEqual(seat.tokenHash, hashOf(identify.token))) {
      return { refused: VoiceCloseCodes.AuthenticationFailed }
    }
    if (seat.sessionId !== identify.session_id) {
      return { refused: VoiceCloseCodes.SessionNoLongerValid }
    }
    seat.tokenHash = undefined
    return { seat }
  }

  /**
   * Whether the seat still stands: its user may have been dismissed or moved while its place was
   * being prepared.
   */
  isCurrent(seat: Seat): boolean {
    return this.#guilds.get(seat.guildId)?.get(seat.userId) === seat
  }

  join(seat: Seat, participant: VoicePeer): Call {
    const before = seat.peer
    seat.peer = participant
    before?.close(VoiceCloseCodes.SessionNoLongerValid)
    const call = this.#calls.get(seat.channelId) ?? this.#newCall()
    this.#calls.set(seat.channelId, call)
    call.peers.set(seat.userId, participant)
    if (call.peers.size > 1) {
      this.broadcast(seat, participant, VoiceOpcodes.ClientsConnect, { user_ids: [seat.userId] })
      participant.send(VoiceOpcodes.ClientsConnect, {
        user_ids: [...call.peers.keys()].filter((id) => id !== seat.userId),
      })
    }
    return call
  }

  leave(seat: Seat, participant: VoicePeer): void {
    if (seat.peer === participant) seat.peer = undefined
    const call = this.#calls.get(seat.channelId)
    if (call?.peers.get(seat.userId) !== participant) return // a newer connection sits there
    call.peers.delete(seat.userId)
    this.broadcast(seat, participant, VoiceOpcodes.ClientDisconnect, { user_id: seat.userId })
    if (call.peers.size === 0) this.#calls.delete(seat.channelId) // the next call has a key of its own
  }

  /** To everyone else in the call. */
  broadcast(seat: Seat, from: VoicePeer, op: VoiceOpcodes, d: object): void {
    for (const other of this.#calls.get(seat.channelId)?.peers.values() ?? [])
      if (other !== from) other.send(op, d)
  }

  #newCall(): Call {
    return {
      secretKey: this.#random(KEY_BYTES),
      mediaSessionId: this.#random(16).toString('hex'),
      peers: new Map(),
    }
  }
}
