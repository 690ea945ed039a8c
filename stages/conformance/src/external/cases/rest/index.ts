import type { Case } from '../../case.ts'
import { categoryCases } from './categories.ts'
import { channelEditCases } from './channel-edits.ts'
import { channelCases } from './channels.ts'
import { directMessageCases } from './direct-messages.ts'
import { embedCases } from './embeds.ts'
import { emptyResourceCases } from './empty-resources.ts'
import { gatewayUrlCases } from './gateway-url.ts'
import { guildChannelCases } from './guild-channels.ts'
import { guildEditCases } from './guild-edits.ts'
import { guildCases } from './guilds.ts'
import { historyCases } from './history.ts'
import { historyPropertyCases } from './history-properties.ts'
import { idCases } from './ids.ts'
import { inviteUseCases } from './invite-uses.ts'
import { inviteCases } from './invites.ts'
import { jsonBodyCases } from './json-bodies.ts'
import { limitCases } from './limits.ts'
import { memberAdditionCases } from './member-additions.ts'
import { memberEditCases } from './member-edits.ts'
import { memberCases } from './members.ts'
import { mentionCases } from './mentions.ts'
import { messageEditCases } from './message-edits.ts'
import { messageRuleCases } from './message-rules.ts'
import { messageCases } from './messages.ts'
import { nonceCases } from './nonces.ts'
import { overwriteCases } from './overwrites.ts'
import { permissionCases } from './permissions.ts'
import { reactionEmojiCases } from './reaction-emoji.ts'
import { reactionLimitCases } from './reaction-limits.ts'
import { reactionCases } from './reactions.ts'
import { replyCases } from './replies.ts'
import { roleHierarchyCases } from './role-hierarchy.ts'
import { roleMemberCases } from './role-members.ts'
import { roleCases } from './roles.ts'
import { searchCases } from './search.ts'
import { searchFilterCases } from './search-filters.ts'
import { sendingCases } from './sending.ts'
import { transportCases } from './transport.ts'
import { unknownResourceCases } from './unknown-resources.ts'
import { unsupportedCases } from './unsupported.ts'
import { unsupportedChannelCases } from './unsupported-channels.ts'
import { unsupportedMessageCases } from './unsupported-messages.ts'
import { userCases } from './users.ts'
import { workshopCases } from './workshop.ts'

export const restCases: readonly Case[] = [
  ...workshopCases,
  ...transportCases,
  ...jsonBodyCases,
  ...idCases,
  ...limitCases,
  ...gatewayUrlCases,
  ...userCases,
  ...directMessageCases,
  ...guildCases,
  ...guildEditCases,
  ...guildChannelCases,
  ...categoryCases,
  ...channelCases,
  ...channelEditCases,
  ...overwriteCases,
  ...permissionCases,
  ...memberCases,
  ...memberAdditionCases,
  ...memberEditCases,
  ...roleCases,
  ...roleHierarchyCases,
  ...roleMemberCases,
  ...sendingCases,
  ...mentionCases,
  ...replyCases,
  ...nonceCases,
  ...embedCases,
  ...messageCases,
  ...messageEditCases,
  ...messageRuleCases,
  ...historyCases,
  ...historyPropertyCases,
  ...reactionCases,
  ...reactionEmojiCases,
  ...reactionLimitCases,
  ...inviteCases,
  ...inviteUseCases,
  ...searchCases,
  ...searchFilterCases,
  ...unsupportedCases,
  ...unsupportedChannelCases,
  ...unsupportedMessageCases,
  ...emptyResourceCases,
  ...unknownResourceCases,
]
