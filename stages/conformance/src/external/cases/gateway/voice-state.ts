import { Op } from '@threshold/contract'
import type { Socket } from '../../socket.ts'
import type { TestGuild } from '../../test-guild.ts'

/** Sends op 4: joins a voice channel, moves to another one, or leaves with `null`. */
export const sendVoiceState = (
  socket: Socket,
  guild: TestGuild,
  channelId: string | null,
  more: object = {},
): void =>
  socket.send(Op.VoiceStateUpdate, {
    guild_id: guild.id,
    channel_id: channelId,
    self_mute: false,
    self_deaf: false,
    ...more,
  })
