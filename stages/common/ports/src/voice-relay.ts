import type { ChannelId, UserId } from '@threshold/contract'

/** One participant's way into a call, as the voice socket tells it to the client. */
export interface VoiceEndpoint {
  /** RTP synchronisation source: who is speaking, 32 bits. */
  readonly ssrc: number
  readonly address: string
  readonly port: number
}

/**
 * Carries opaque RTP packets between the members of a voice channel over UDP. The relay reads a
 * packet's SSRC and nothing behind it. Packets may be lost, as UDP has it; they never leave their
 * channel.
 */
export interface VoiceRelay extends AsyncDisposable {
  /**
   * A seat is bound to the address its first discovery packet comes from; packets from elsewhere
   * are dropped.
   */
  join(channel: ChannelId, user: UserId): Promise<VoiceEndpoint>
  /**
   * What a silent seat says is dropped, until it is silent no more; it hears the others all the
   * same. A new seat may speak.
   */
  setMuted(ssrc: number, silent: boolean): void
  leave(ssrc: number): void
}
