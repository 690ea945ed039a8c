import { CloseCode, Op } from '@threshold/contract'
import type { z } from 'zod'
import { gatewayInput } from '../input/index.ts'
import type { Session } from './session.ts'

type SessionCommand = (session: Session) => Promise<void>

/** Decodes opcodes 3, 4 and 8 to a call of the session, or returns the code to close with. */
export function readSessionCommand(op: number, d: unknown): SessionCommand | CloseCode {
  switch (op) {
    case Op.PresenceUpdate:
      return read(gatewayInput.presence, d, async (session, presence) =>
        session.setPresence(presence),
      )
    case Op.VoiceStateUpdate:
      return read(gatewayInput.voiceStateUpdate, d, (session, state) =>
        session.moveVoice({
          guildId: state.guild_id,
          channelId: state.channel_id,
          selfMute: state.self_mute ?? false,
          selfDeaf: state.self_deaf ?? false,
        }),
      )
    default:
      return read(gatewayInput.requestMembers, d, (session, request) =>
        session.requestMembers(request),
      )
  }
}

function read<T extends z.ZodType>(
  schema: T,
  d: unknown,
  run: (session: Session, data: z.output<T>) => Promise<void>,
): SessionCommand | CloseCode {
  const form = schema.safeParse(d)
  return form.success ? (session) => run(session, form.data) : CloseCode.DecodeError
}
