import { Permission } from '@threshold/contract'
import { channelPermissions, hasPermission } from '@threshold/domain'
import type { Permissions } from '@threshold/ports'

/**
 * Computes viewers member by member, which is fast enough for thousands. Members with the same
 * roles have the same permissions unless an overwrite names them, so each distinct set of roles is
 * computed once.
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
        const isSpecial = userId === state.guild.ownerId || named.has(userId)
        const key = isSpecial ? undefined : member.roles.join()
        let canView = key === undefined ? undefined : byRoles.get(key)
        if (canView === undefined) {
          const permissions = channelPermissions(state, member, channel)
          canView = hasPermission(permissions, Permission.ViewChannel)
          if (key !== undefined) byRoles.set(key, canView)
        }
        if (canView) viewers.add(userId)
      }
      return viewers
    },
  }
}
