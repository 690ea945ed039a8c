import type { ChannelId } from '@threshold/contract'
import { type ContentKind, queryWords } from '@threshold/domain'
import type { AuthorType, SearchQuery } from '@threshold/ports'
import type { SearchInput } from '../../input/index.ts'

const AUTHOR_TYPES: readonly AuthorType[] = ['user', 'bot']
const CONTENT_KINDS: ReadonlySet<string> = new Set<ContentKind>(['link', 'embed', 'image'])
const isContentKind = (value: string): value is ContentKind => CONTENT_KINDS.has(value)

/** A `-` before a value excludes it. */
function splitExclusions(values: readonly string[] = []): { wanted: string[]; excluded: string[] } {
  const excluded = values.flatMap((value) => (value.startsWith('-') ? [value.slice(1)] : []))
  return { wanted: values.filter((value) => !value.startsWith('-')), excluded }
}

/**
 * A search as the index takes it. Undefined if no message can match: this server has no pinned
 * messages, webhooks, files, stickers, polls or forwarded messages.
 */
export function toSearchQuery(
  input: SearchInput,
  channels: readonly ChannelId[],
): SearchQuery | undefined {
  const authors = splitExclusions(input.author_type)
  const authorTypes = AUTHOR_TYPES.filter(
    (type) =>
      (authors.wanted.length === 0 || authors.wanted.includes(type)) &&
      !authors.excluded.includes(type),
  )
  const kinds = splitExclusions(input.has)
  if (authorTypes.length === 0 || input.pinned === true || !kinds.wanted.every(isContentKind))
    return undefined
  const has = {
    all: kinds.wanted.filter(isContentKind),
    none: kinds.excluded.filter(isContentKind),
  }
  return {
    words: queryWords(input.content ?? ''),
    channels,
    order: input.sort_order === 'asc' ? 'oldest' : 'newest',
    offset: input.offset,
    limit: input.limit,
    ...(authorTypes.length === 1 ? { authorType: authorTypes[0]! } : {}),
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
