import { createHash, timingSafeEqual } from 'node:crypto'
import type { ChannelId, GuildId, UserId } from '@threshold/contract'
import type { Runtime } from '@threshold/kit'
import type { Admission } from '@threshold/ports'
import { type Identify, VoiceCloseCodes, VoiceOpcodes } from './protocol.ts'

/** The connection of one user in a call. Sending must not throw and must not wait. */
export interface VoicePeer {
  send(op: VoiceOpcodes, d: object): void
  close(code: VoiceCloseCodes): void
  /** While muted, the user's packets reach no other member. */
  setMuted(muted: boolean): void
}

/** The admission of one user, and their connection once they have one. */
export interface Seat extends Admission {
  /** Hash of the token that was handed out and is not used yet. The token itself is not kept. */
  tokenHash: Buffer | undefined
  peer: VoicePeer | undefined
  muted: boolean
}

export interface Call {
  /**
   * One key for all members of the channel, since this relay forwards packets that it cannot read.
   * An SFU gives each member a key, and encrypts anew for each. DAVE adds keys that only the
   * members have, and changes them whenever a member joins or leaves.
   */
  readonly secretKey: Buffer
  readonly mediaSessionId: string
  readonly peers: Map<UserId, VoicePeer>
}

export type AuthenticateResult = { readonly seat: Seat } | { readonly refused: VoiceCloseCodes }

/** Long enough that a token cannot be guessed. */
const TOKEN_BYTES = 24
const KEY_BYTES = 32

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

/**
 * The calls of this process: who is admitted to which channel, and who is connected. It knows no
 * sockets. A user has at most one seat in a guild.
 */
export class Calls {
  readonly #random: Runtime['random']
  readonly #seats = new Map<GuildId, Map<UserId, Seat>>()
  readonly #calls = new Map<ChannelId, Call>()

  constructor(runtime: Pick<Runtime, 'random'>) {
    this.#random = runtime.random
  }

  /**
   * Admits a user, and returns a token for one Identify. A user with a seat in another channel, or
   * for another session, moves: the old connection closes with 4014.
   */
  admit(admission: Admission): string {
    const { guildId, userId, muted = false } = admission
    const token = this.#random(TOKEN_BYTES).toString('base64url')
    const seats = this.#seats.get(guildId) ?? new Map<UserId, Seat>()
    this.#seats.set(guildId, seats)
    const old = seats.get(userId)
    if (old?.channelId === admission.channelId && old.sessionId === admission.sessionId) {
      // The client asks again because its voice socket broke. An existing connection goes on until
      // the new token is used.
      old.tokenHash = hashOf(token)
      this.setMuted(guildId, userId, muted)
      return token
    }
    seats.set(userId, { ...admission, muted, tokenHash: hashOf(token), peer: undefined })
    old?.peer?.close(VoiceCloseCodes.Disconnected)
    return token
  }

  setMuted(guildId: GuildId, userId: UserId, muted: boolean): void {
    const seat = this.#seats.get(guildId)?.get(userId)
    if (seat === undefined) return
    seat.muted = muted
    seat.peer?.setMuted(muted)
  }

  dismiss(guildId: GuildId, userId: UserId): void {
    const seats = this.#seats.get(guildId)
    const seat = seats?.get(userId)
    if (seats === undefined || seat === undefined) return
    seats.delete(userId)
    if (seats.size === 0) this.#seats.delete(guildId)
    seat.peer?.close(VoiceCloseCodes.Disconnected)
  }

  /** Checks an Identify. Its token is valid only once. */
  authenticate(identify: Identify): AuthenticateResult {
    const seats = this.#seats.get(identify.server_id)
    if (seats === undefined) return { refused: VoiceCloseCodes.ServerNotFound }
    const seat = seats.get(identify.user_id)
    // Hashes have equal length and are compared in constant time, so that the time of the answer
    // reveals nothing about the token.
    if (seat?.tokenHash === undefined || !timingSafeEqual(seat.tokenHash, hashOf(identify.token)))
      return { refused: VoiceCloseCodes.AuthenticationFailed }
    if (seat.sessionId !== identify.session_id)
      return { refused: VoiceCloseCodes.SessionNoLongerValid }
    seat.tokenHash = undefined
    return { seat }
  }

  /** False once the user was dismissed or moved, which may happen while they connect. */
  isCurrent(seat: Seat): boolean {
    return this.#seats.get(seat.guildId)?.get(seat.userId) === seat
  }

  join(seat: Seat, peer: VoicePeer): Call {
    const previous = seat.peer
    seat.peer = peer
    previous?.close(VoiceCloseCodes.SessionNoLongerValid)
    const call = this.#calls.get(seat.channelId) ?? this.#newCall()
    this.#calls.set(seat.channelId, call)
    call.peers.set(seat.userId, peer)
    if (call.peers.size > 1) {
      this.broadcast(seat, peer, VoiceOpcodes.ClientsConnect, { user_ids: [seat.userId] })
      peer.send(VoiceOpcodes.ClientsConnect, {
        user_ids: [...call.peers.keys()].filter((id) => id !== seat.userId),
      })
    }
    return call
  }

  leave(seat: Seat, peer: VoicePeer): void {
    if (seat.peer === peer) seat.peer = undefined
    const call = this.#calls.get(seat.channelId)
    // The user may have a newer connection by now, which stays.
    if (call?.peers.get(seat.userId) !== peer) return
    call.peers.delete(seat.userId)
    this.broadcast(seat, peer, VoiceOpcodes.ClientDisconnect, { user_id: seat.userId })
    // The next call in this channel gets another key.
    if (call.peers.size === 0) this.#calls.delete(seat.channelId)
  }

  /** Sends to all others in the call. */
  broadcast(seat: Seat, from: VoicePeer, op: VoiceOpcodes, d: object): void {
    for (const peer of this.#calls.get(seat.channelId)?.peers.values() ?? [])
      if (peer !== from) peer.send(op, d)
  }

  #newCall(): Call {
    return {
      secretKey: this.#random(KEY_BYTES),
      mediaSessionId: this.#random(16).toString('hex'),
      peers: new Map(),
    }
  }
}
