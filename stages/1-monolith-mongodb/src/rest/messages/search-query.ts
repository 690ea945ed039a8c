import type { ChannelId, SearchInput } from '@threshold/contract'
import { type ContentKind, queryWords } from '@threshold/domain'
import type { AuthorType, SearchQuery } from '@threshold/ports'

const AUTHORS: readonly AuthorType[] = ['user', 'bot']
const THINGS: ReadonlySet<string> = new Set<ContentKind>(['link', 'embed', 'image'])
const isThing = (value: string): value is ContentKind => THINGS.has(value)

/** A `-` before a value excludes it. */
function bothWays(values: readonly string[] = []): { wanted: string[]; excluded: string[] } {
  const excluded = values.flatMap((value) => (value.startsWith('-') ? [value.slice(1)] : []))
  return { wanted: values.filter((value) => !value.startsWith('-')), excluded }
}

/**
 * A search as the index takes it. Undefined: no message can be an answer, since nothing here is
 * pinned, comes from a webhook, or has a file, a sticker, a poll or a forwarded message in it.
 */
export function toSearchQuery(
  input: SearchInput,
  channels: readonly ChannelId[],
): SearchQuery | undefined {
  const authors = bothWays(input.author_type)
  const types = AUTHORS.filter(
    (type) =>
      (authors.wanted.length === 0 || authors.wanted.includes(type)) &&
      !authors.excluded.includes(type),
  )
  const things = bothWays(input.has)
  if (types.length === 0 || input.pinned === true || !things.wanted.every(isThing)) return undefined
  const has = { all: things.wanted.filter(isThing), none: things.excluded.filter(isThing) }
  return {
    words: queryWords(input.content ?? ''),
    channels,
    order: input.sort_order === 'asc' ? 'oldest' : 'newest',
    offset: input.offset,
    limit: input.limit,
    ...(types.length === 1 ? { authorType: types[0]! } : {}),
    ...(has.all.length + has.none.length > 0 ? { has } : {}),
    ...(input.author_id ? { authors: input.author_id } : {}),
    ...(input.mentions ? { mentions: input.mentions } : {}),
    ...(input.mentions_role_id ? { mentionRoles: input.mentions_role_id } : {}),
    ...(input.mention_everyone === undefined ? {} : { mentionEveryone: input.mention_everyone }),
    ...(input.replied_to_user_id ? { repliedToUsers: input.replied_to_user_id } : {}),
    ...(input.replied_to_message_id ? { repliedToMessages: input.replied_to_message_id } : {}),
    ...(input.min_id ? { minId: input.min_id } : {}),
    ...(input.max_id ? { maxId: input.max_id } : {}),
  }
}
