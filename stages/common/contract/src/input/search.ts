import { z } from 'zod'
import { byForm, queryBoolean, queryInt, snowflake, trimmedText } from './fields.ts'
import { allUnsupported } from './unsupported.ts'

/** A parameter that may be repeated comes as a text where it is not. */
const listOf = <T extends z.ZodType>(each: T, most: number) => {
  const list = z.array(each).max(most)
  const one = each.transform((value) => [value])
  return byForm((value): z.ZodType<z.output<T>[]> => (Array.isArray(value) ? list : one)).optional()
}

const ids = listOf(snowflake, 100)
const id = snowflake.optional()

/** Each may be asked for, and with a `-` before it excluded. */
const eitherWay = <const T extends string>(...values: T[]) =>
  listOf(z.enum(values.flatMap((value) => [value, `-${value}` as const])), values.length * 2)

/** Strict: a filter that is not known would be no filter, and everything found. */
export const searchQuery = z.strictObject({
  content: trimmedText(1_024).optional(),
  author_id: ids,
  author_type: eitherWay('user', 'bot', 'webhook'),
  channel_id: listOf(snowflake, 500),
  mentions: ids,
  mentions_role_id: ids,
  mention_everyone: queryBoolean,
  replied_to_user_id: ids,
  replied_to_message_id: ids,
  has: eitherWay('link', 'embed', 'image', 'video', 'sound', 'file', 'sticker', 'poll', 'snapshot'),
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
