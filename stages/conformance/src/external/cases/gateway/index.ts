import type { Case } from '../../case.ts'
import { closeCodeCases } from './close-codes.ts'
import { compressCases } from './compress.ts'
import { connectionEndCases } from './connection-ends.ts'
import { contentCases } from './content.ts'
import { guildCreateCases } from './guild-create.ts'
import { guildEventCases } from './guild-events.ts'
import { handshakeCases } from './handshake.ts'
import { intentCases } from './intents.ts'
import { lastMessageCases } from './last-messages.ts'
import { memberChunkCases } from './member-chunks.ts'
import { messageEventCases } from './message-events.ts'
import { presenceCases } from './presence.ts'
import { reactionEventCases } from './reaction-events.ts'
import { readyCases } from './ready.ts'
import { resumeCases } from './resume.ts'
import { resumeErrorCases } from './resume-errors.ts'
import { sequenceCases } from './sequence.ts'
import { visibilityCases } from './visibility.ts'
import { visibilityChangeCases } from './visibility-changes.ts'
import { voiceCases } from './voice.ts'
import { voiceRuleCases } from './voice-rules.ts'

/** Cases that wait for a heartbeat or a session to time out. */
export const slowGatewayCases: readonly Case[] = [
  ...connectionEndCases,
  ...closeCodeCases,
  ...resumeCases,
  ...resumeErrorCases,
]

export const gatewayCases: readonly Case[] = [
  ...handshakeCases,
  ...readyCases,
  ...guildCreateCases,
  ...lastMessageCases,
  ...messageEventCases,
  ...reactionEventCases,
  ...guildEventCases,
  ...presenceCases,
  ...memberChunkCases,
  ...voiceCases,
  ...voiceRuleCases,
  ...intentCases,
  ...contentCases,
  ...visibilityCases,
  ...visibilityChangeCases,
  ...sequenceCases,
  ...compressCases,
]
