import { z } from 'zod'
import { queryBoolean, queryInt, schemaFor, snowflake, trimmedText } from './fields.ts'
import { allUnsupported } from './unsupported.ts'

/** A repeatable query parameter. It is a string if it occurs once, and an array otherwise. */
const listOf = <T extends z.ZodType>(each: T, most: number) => {
  const list = z.array(each).max(most)
  const single = each.transform((value) => [value])
  return schemaFor(
    (value): z.ZodType<z.output<T>[]> => (Array.isArray(value) ? list : single),
  ).optional()
}

const ids = listOf(snowflake, 100)
const id = snowflake.optional()

/** Values that a search requires, or excludes with a leading `-`. */
const signedList = <const T extends string>(...values: T[]) =>
  listOf(z.enum(values.flatMap((value) => [value, `-${value}` as const])), values.length * 2)

/** Strict, because an unknown filter that is ignored would return every message. */
export const searchQuery = z.strictObject({
  content: trimmedText(1_024).optional(),
  author_id: ids,
  author_type: signedList('user', 'bot', 'webhook'),
  channel_id: listOf(snowflake, 500),
  mentions: ids,
  mentions_role_id: ids,
  mention_everyone: queryBoolean,
  replied_to_user_id: ids,
  replied_to_message_id: ids,
  has: signedList(
    'link',
    'embed',
    'image',
    'video',
    'sound',
    'file',
    'sticker',
    'poll',
    'snapshot',
  ),
  pinned: queryBoolean,
  max_id: id,
  min_id: id,
  limit: queryInt(1, 25, 25),
  offset: queryInt(0, 9_975, 0),
  include_nsfw: queryBoolean,
  sort_by: z
    .enum(['timestamp', 'relevance'])
    .refine((mode) => mode === 'timestamp', {
      params: { code: 'FIELD_UNSUPPORTED' },
      message: 'sort_by=relevance is not supported by this server.',
    })
    .optional(),
  sort_order: z.enum(['desc', 'asc']).optional(),
  ...allUnsupported(
    'slop',
    'embed_type',
    'embed_provider',
    'link_hostname',
    'attachment_filename',
    'attachment_extension',
  ),
})

export type SearchInput = z.output<typeof searchQuery>
