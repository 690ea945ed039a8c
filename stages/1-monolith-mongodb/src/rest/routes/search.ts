import { compareIds, Permission, restInput } from '@threshold/contract'
import { channelPermissions, hasPermission } from '@threshold/domain'
import type { Context } from '../context.ts'
import { requireGuildView } from '../guild-access.ts'
import { renderMessages } from '../messages/render-messages.ts'
import { toSearchQuery } from '../messages/search-query.ts'
import { type AddRoute, parseInput } from '../route.ts'

export function searchRoutes(add: AddRoute, context: Context): void {
  const { ports } = context

  add('get', '/guilds/:guild/messages/search', 'message.search', async (request) => {
    const query = parseInput(restInput.searchQuery, request.query)
    const view = await requireGuildView(context, request)
    const state = { guild: view.guild, roles: new Map(view.roles.map((r) => [r.id, r])) }
    // The index is asked only for channels whose history the asker may read: nothing has to be
    // filtered out afterwards.
    const channels = view.channels
      .filter((c) =>
        hasPermission(channelPermissions(state, view.me, c), Permission.ReadMessageHistory),
      )
      .filter((c) => (!c.nsfw || query.include_nsfw) && (query.channel_id?.includes(c.id) ?? true))
      .map((c) => c.id)
    const sought = toSearchQuery(query, channels)
    const found = sought
      ? await ports.search.search(request.params.guild!, sought, request.deadline)
      : { total: 0, hits: [] }
    const byChannel = Map.groupBy(found.hits, (hit) => hit.channelId)
    const messages = await Promise.all(
      [...byChannel].map(async ([channel, hits]) => {
        const stored = await ports.messages.get(
          channel,
          hits.map((h) => h.id),
          request.deadline,
        )
        return renderMessages(context, request, { guildId: request.params.guild }, stored)
      }),
    )
    const sorted = messages
      .flat()
      .sort(
        (a, b) =>
          compareIds((a as { id: string }).id, (b as { id: string }).id) *
          (query.sort_order === 'asc' ? 1 : -1),
      )
    return {
      analytics_id: '',
      doing_deep_historical_index: false,
      total_results: found.total,
      messages: sorted.map((m) => [{ ...m, hit: true }]),
      threads: [],
      members: [],
    }
  })
}
