import { isSnowflake } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import type { SearchQuery, SearchResult } from '@threshold/ports'
import { z } from 'zod'
import type { Operation } from '../nats/bus.ts'

const objectOf = <T extends object>() =>
  z.custom<T>((value) => typeof value === 'object' && value !== null)

const snowflake = z.string().refine(isSnowflake)
/** The fields that an index reads. An entry that lacks one would block all that follow it. */
const indexable = z.looseObject({
  id: snowflake,
  channelId: snowflake,
  authorId: snowflake,
  content: z.string(),
  writeTimeMicros: z.bigint(),
  mentions: z.array(snowflake).optional(),
  mentionRoles: z.array(snowflake).optional(),
  embeds: z.array(objectOf()).optional(),
  reference: z.looseObject({ messageId: snowflake }).optional(),
}) as unknown as z.ZodType<StoredMessage>

/** One message of the stream: a change of every search index. */
export const searchEntrySchema = z.discriminatedUnion('kind', [
  z.object({
    v: z.literal(1),
    kind: z.literal('index'),
    guild: snowflake,
    message: indexable,
    facts: z.object({ authorType: z.enum(['user', 'bot']), repliedTo: snowflake.optional() }),
  }),
  z.object({ v: z.literal(1), kind: z.literal('remove'), ids: z.array(snowflake) }),
  z.object({ v: z.literal(1), kind: z.literal('rebuild') }),
])
export type SearchEntry = z.output<typeof searchEntrySchema>

export interface SearchRequest {
  readonly guild: string
  readonly query: SearchQuery
  /** The sequence of the caller's last entry. The answer knows of it. */
  readonly after: number
}

export const searchQuery: Operation<SearchRequest, SearchResult> = {
  subject: 'search.query',
  body: z.object({ guild: z.string(), query: objectOf<SearchQuery>(), after: z.int().min(0) }),
  result: objectOf<SearchResult>(),
}

export interface SearchStatus {
  /** The sequence of the last entry that the index has applied. */
  readonly position: number
  readonly rebuilding: boolean
  /** Numbers of what the current or last rebuild of this process has read so far. */
  readonly channels: number
  readonly messages: number
}

export const searchStatus: Operation<null, SearchStatus> = {
  subject: 'search.status',
  body: z.null(),
  result: z.object({
    position: z.int(),
    rebuilding: z.boolean(),
    channels: z.int(),
    messages: z.int(),
  }),
}
