import type { ChannelId, UserId } from '@threshold/contract'

/** The UDP endpoint of one participant, as the voice socket announces it to the client. */
export interface VoiceEndpoint {
  /** The RTP synchronisation source (32 bits) that identifies the speaker. */
  readonly ssrc: number
  readonly address: string
  readonly port: number
}

/**
 * Relays opaque RTP packets between the members of a voice channel over UDP. It reads the SSRC of a
 * packet and nothing else. Packets may be lost, as always with UDP. They never leave their channel.
 */
export interface VoiceRelay extends AsyncDisposable {
  /**
   * Adds a participant. The relay binds the endpoint to the address of the first discovery packet,
   * and drops packets from other addresses. A new participant may speak.
   */
  join(channel: ChannelId, user: UserId): Promise<VoiceEndpoint>
  /** While muted, the packets of the participant are dropped. It still receives all others. */
  setMuted(ssrc: number, muted: boolean): void
  leave(ssrc: number): void
}
