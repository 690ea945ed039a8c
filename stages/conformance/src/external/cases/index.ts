import type { Case } from '../case.ts'
import { closeCases } from './gateway/close-codes.ts'
import { compressCases } from './gateway/compress.ts'
import { contentCases } from './gateway/content.ts'
import { endingCases } from './gateway/endings.ts'
import { guildCreateCases } from './gateway/guild-create.ts'
import { guildEventCases } from './gateway/guild-events.ts'
import { handshakeCases } from './gateway/handshake.ts'
import { intentCases } from './gateway/intents.ts'
import { lastMessageCases } from './gateway/last-messages.ts'
import { memberChunkCases } from './gateway/member-chunks.ts'
import { messageEventCases } from './gateway/message-events.ts'
import { presenceCases } from './gateway/presence.ts'
import { resumeCases } from './gateway/resume.ts'
import { sequenceCases } from './gateway/sequence.ts'
import { sightCases } from './gateway/visibility.ts'
import { voiceCases } from './gateway/voice.ts'
import { categoryCases } from './rest/categories.ts'
import { channelCases } from './rest/channels.ts'
import { embedCases } from './rest/embeds.ts'
import { nothingCases } from './rest/empty-resources.ts'
import { guildChannelCases } from './rest/guild-channels.ts'
import { guildCases } from './rest/guilds.ts'
import { historyCases } from './rest/history.ts'
import { idCases } from './rest/ids.ts'
import { inviteCases } from './rest/invites.ts'
import { limitCases } from './rest/limits.ts'
import { memberAdditionCases } from './rest/member-additions.ts'
import { memberEditCases } from './rest/member-edits.ts'
import { memberCases } from './rest/members.ts'
import { messageRuleCases } from './rest/message-rules.ts'
import { messageCases } from './rest/messages.ts'
import { nonceCases } from './rest/nonces.ts'
import { overwriteCases } from './rest/overwrites.ts'
import { permissionCases } from './rest/permissions.ts'
import { reactionCases } from './rest/reactions.ts'
import { roleCases } from './rest/roles.ts'
import { searchCases } from './rest/search.ts'
import { searchFilterCases } from './rest/search-filters.ts'
import { sendingCases } from './rest/sending.ts'
import { transportCases } from './rest/transport.ts'
import { unsupportedCases } from './rest/unsupported.ts'
import { userCases } from './rest/users.ts'
import { workshopCases } from './rest/workshop.ts'

/**
 * The contract, case by case. The slow ones, which wait for a silence to be noticed, come first:
 * others run beside them.
 */
export const allCases: readonly Case[] = [
  ...endingCases,
  ...closeCases,
  ...resumeCases,
  ...workshopCases,
  ...transportCases,
  ...idCases,
  ...limitCases,
  ...userCases,
  ...guildCases,
  ...guildChannelCases,
  ...categoryCases,
  ...channelCases,
  ...overwriteCases,
  ...permissionCases,
  ...memberCases,
  ...memberAdditionCases,
  ...memberEditCases,
  ...roleCases,
  ...sendingCases,
  ...nonceCases,
  ...embedCases,
  ...messageCases,
  ...messageRuleCases,
  ...historyCases,
  ...reactionCases,
  ...inviteCases,
  ...searchCases,
  ...searchFilterCases,
  ...unsupportedCases,
  ...nothingCases,
  ...handshakeCases,
  ...guildCreateCases,
  ...lastMessageCases,
  ...messageEventCases,
  ...guildEventCases,
  ...presenceCases,
  ...memberChunkCases,
  ...voiceCases,
  ...intentCases,
  ...contentCases,
  ...sightCases,
  ...sequenceCases,
  ...compressCases,
]
