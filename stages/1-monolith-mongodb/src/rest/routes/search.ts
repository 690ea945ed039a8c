import { compareIds, Permission } from '@threshold/contract'
import { channelPermissions, hasPermission } from '@threshold/domain'
import { restInput } from '../../input/index.ts'
import type { Context } from '../context.ts'
import { requireGuildView } from '../guild-access.ts'
import { renderMessages } from '../messages/render-messages.ts'
import { toSearchQuery } from '../messages/search-query.ts'
import { type AddRoute, parseInput } from '../route.ts'

export function searchRoutes(add: AddRoute, context: Context): void {
  const { ports } = context

  add('get', '/guilds/:guild/messages/search', 'message.search', async (request) => {
    const guildId = request.params.guild!
    const input = parseInput(restInput.searchQuery, request.query)
    const view = await requireGuildView(context, request)
    const roles = new Map(view.roles.map((role) => [role.id, role]))
    const mayRead = (channel: (typeof view.channels)[number]): boolean =>
      hasPermission(
        channelPermissions({ guild: view.guild, roles }, view.me, channel),
        Permission.ReadMessageHistory,
      )
    // The index searches only channels whose history the user may read, so nothing has to be
    // filtered out of a page of hits, and the total is right.
    const channels = view.channels
      .filter(mayRead)
      .filter(({ nsfw }) => !nsfw || input.include_nsfw)
      .filter(({ id }) => input.channel_id?.includes(id) ?? true)
      .map(({ id }) => id)
    const query = toSearchQuery(input, channels)
    const found = query
      ? await ports.search.search(guildId, query, request.deadline)
      : { total: 0, hits: [] }
    const byChannel = Map.groupBy(found.hits, (hit) => hit.channelId)
    const rendered = await Promise.all(
      [...byChannel].map(async ([channel, hits]) => {
        const ids = hits.map(({ id }) => id)
        const stored = await ports.messages.get(channel, ids, request.deadline)
        return renderMessages(context, request, { guildId }, stored)
      }),
    )
    const sign = input.sort_order === 'asc' ? 1 : -1
    const messages = (rendered.flat() as { id: string }[]).sort(
      (a, b) => sign * compareIds(a.id, b.id),
    )
    return {
      analytics_id: '',
      doing_deep_historical_index: false,
      total_results: found.total,
      // Discord groups each hit with its context. Here a group is the hit alone.
      messages: messages.map((message) => [{ ...message, hit: true }]),
      threads: [],
      members: [],
    }
  })
}
