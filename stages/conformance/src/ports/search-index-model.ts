import { compareIds } from '@threshold/contract'
import { contentKindsOf, indexWords, queryWords, type StoredMessage } from '@threshold/domain'
import type { SearchFacts, SearchQuery, SearchResult } from '@threshold/ports'
import fc from 'fast-check'

const WORDS = [
  'https://tea.example',
  'tea',
  'Tea',
  'café',
  'cafe',
  'naïve',
  'x_1',
  '42',
  'привет',
  '日本',
  '$gt',
  '👍',
  '👍🏽',
  'wow!!!',
  '!!!',
  '_nice_',
  'nice',
] as const
const content = fc
  .array(fc.constantFrom(...WORDS), { maxLength: 5 })
  .map((words) => words.join(' '))
const AUTHORS = ['11', '12', '13'] as const
const ROLES = ['21', '22'] as const
const REPLIED = ['31', '32'] as const
const EMBEDS = [
  [],
  [{ title: 'x' }],
  [{ title: 'x' }, { image: { url: 'https://x.example/y' } }],
] as const
const CONTENT_KINDS = ['link', 'embed', 'image'] as const
export const CHANNELS = 3

/** Messages of one guild. Channels are numbers, because each run creates its own channels. */
export const history = fc.array(
  fc.record({
    channel: fc.nat(CHANNELS - 1),
    content,
    authorId: fc.constantFrom(...AUTHORS),
    mentions: fc.subarray([...AUTHORS]),
    roles: fc.subarray([...ROLES]),
    everyone: fc.boolean(),
    embeds: fc.constantFrom(...EMBEDS),
    reply: fc.option(fc.constantFrom(...REPLIED), { nil: undefined }),
    finalContent: fc.oneof(
      { weight: 4, arbitrary: fc.constant('kept' as const) },
      fc.constant('removed' as const),
      content,
    ),
  }),
  { maxLength: 20, size: 'max' },
)

export const queryFields = fc.record({
  words: fc
    .array(fc.constantFrom(...WORDS), { maxLength: 2 })
    .map((words) => queryWords(words.join(' '))),
  channels: fc.subarray([0, 1, 2]),
  authors: fc.option(fc.subarray([...AUTHORS]), { nil: undefined }),
  mentions: fc.option(fc.subarray([...AUTHORS], { minLength: 1 }), { nil: undefined }),
  mentionRoles: fc.option(fc.subarray([...ROLES], { minLength: 1 }), { nil: undefined }),
  mentionEveryone: fc.option(fc.boolean(), { nil: undefined }),
  authorType: fc.option(fc.constantFrom('user' as const, 'bot' as const), { nil: undefined }),
  repliedToUsers: fc.option(fc.subarray([...AUTHORS], { minLength: 1 }), { nil: undefined }),
  repliedToMessages: fc.option(fc.subarray([...REPLIED], { minLength: 1 }), { nil: undefined }),
  has: fc.option(
    fc.record({ all: fc.subarray([...CONTENT_KINDS]), none: fc.subarray([...CONTENT_KINDS]) }),
    {
      nil: undefined,
    },
  ),
  bounds: fc.option(fc.tuple(fc.nat(19), fc.nat(19)), { nil: undefined }),
  order: fc.constantFrom('newest' as const, 'oldest' as const),
  offset: fc.nat(5),
  limit: fc.integer({ min: 1, max: 25 }),
})

/** The first author is a bot. One of the replied messages does not exist. */
export const factsOf = ({ authorId, reference }: StoredMessage): SearchFacts => ({
  authorType: authorId === AUTHORS[0] ? 'bot' : 'user',
  ...(reference?.messageId === REPLIED[0] ? { repliedTo: AUTHORS[1] } : {}),
})

/** Drops undefined fields. */
export const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

/** The expected result, by scanning all messages. */
export function scan(messages: readonly StoredMessage[], query: SearchQuery): SearchResult {
  const matches = messages.filter(
    (m) =>
      query.channels.includes(m.channelId) &&
      query.words.every((word) => indexWords(m.content).includes(word)) &&
      (!query.authors || query.authors.includes(m.authorId)) &&
      (!query.mentions || query.mentions.some((user) => m.mentions?.includes(user))) &&
      (!query.mentionRoles || query.mentionRoles.some((role) => m.mentionRoles?.includes(role))) &&
      (query.mentionEveryone === undefined ||
        query.mentionEveryone === (m.mentionEveryone ?? false)) &&
      (!query.authorType || query.authorType === factsOf(m).authorType) &&
      (!query.repliedToUsers || query.repliedToUsers.includes(factsOf(m).repliedTo ?? '')) &&
      (!query.repliedToMessages ||
        query.repliedToMessages.includes(m.reference?.messageId ?? '')) &&
      (query.has?.all ?? []).every((kind) => contentKindsOf(m).includes(kind)) &&
      !(query.has?.none ?? []).some((kind) => contentKindsOf(m).includes(kind)) &&
      (!query.minId || compareIds(m.id, query.minId) > 0) &&
      (!query.maxId || compareIds(m.id, query.maxId) < 0),
  )
  const sorted = matches.sort((a, b) =>
    query.order === 'newest' ? compareIds(b.id, a.id) : compareIds(a.id, b.id),
  )
  const hits = sorted
    .slice(query.offset, query.offset + query.limit)
    .map(({ id, channelId }) => ({ id, channelId }))
  return { total: matches.length, hits }
}
