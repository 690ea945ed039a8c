import { Permission } from '@threshold/contract'
import { channelPermissions, hasPermission } from '@threshold/domain'
import type { Permissions } from '@threshold/ports'

/**
 * One member after the other, which is plain and fast enough for thousands. Members with the same
 * roles have the same permissions unless an overwrite names them, so the answer is computed once
 * for each distinct set of roles.
 */
export function typescriptPermissions(): Permissions {
  return {
    viewers(state, channelId, users) {
      const viewers = new Set<string>()
      const channel = state.channels.get(channelId)
      if (!channel) return viewers
      const named = new Set(channel.overwrites.filter((o) => o.type === 1).map((o) => o.id))
      const byRoles = new Map<string, boolean>()
      for (const userId of users) {
        const member = state.members.get(userId)
        if (!member) continue
        const key =
          userId === state.guild.ownerId || named.has(userId) ? undefined : member.roles.join()
        let sees = key === undefined ? undefined : byRoles.get(key)
        if (sees === undefined) {
          sees = hasPermission(channelPermissions(state, member, channel), Permission.ViewChannel)
          if (key !== undefined) byRoles.set(key, sees)
        }
        if (sees) viewers.add(userId)
      }
      return viewers
    },
  }
}
