import { timeToWire } from '@threshold/contract'
import { z } from 'zod'
import { codePoints, text, trimmedText } from './fields.ts'

/** The limit for the text in all embeds of a message together, in code points. */
const MAX_TOTAL = 6_000

const iso8601 = z.iso.datetime({ offset: true })
/** The years 1 to 9999, which Python's `datetime` can hold. */
const EARLIEST = Date.parse('0001-01-01T00:00:00Z')
const LATEST = Date.parse('9999-12-31T23:59:59.999Z')

const isBlank = (value: string | null | undefined): boolean => value == null || value.trim() === ''

/**
 * Removes fields that are null, undefined or blank. All three mean "not set", so the stored embed
 * does not depend on the one that the client sent.
 */
const withoutBlanks = <T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => !(typeof value === 'string' ? isBlank(value) : value == null),
    ),
  ) as {
    [K in keyof T]?: NonNullable<T[K]>
  }

const requiredText = (max: number) =>
  trimmedText(max).refine((value) => !isBlank(value), {
    params: { code: 'BASE_TYPE_REQUIRED' },
    message: 'This field is required',
  })

/** A URL with one of these schemes. Others, such as `javascript:`, are not safe to open. */
const urlWith = (schemes: RegExp) =>
  text(2_048).refine((value) => schemes.test(value) && URL.canParse(value), {
    params: { code: 'URL_TYPE_INVALID_URL' },
    message: 'Not a well formed URL.',
  })
const link = urlWith(/^https?:\/\//i)
/**
 * A picture may also refer to an attached file. The contract has no attachments, so clients cannot
 * show such a picture.
 */
const picture = urlWith(/^(https?|attachment):\/\//i)

/** Accepts ISO 8601, and converts it to the format in which Discord sends times. */
const timestamp = z.string().transform((value, context): string => {
  // Discord takes a time without an offset as UTC. JavaScript would take it as local time.
  const zoned = /(Z|[+-]\d\d:\d\d)$/.test(value) ? value : `${value}Z`
  const at = iso8601.safeParse(zoned).success ? Date.parse(zoned) : Number.NaN
  if (at >= EARLIEST && at <= LATEST) return timeToWire(at)
  context.addIssue({
    code: 'custom',
    params: { code: 'DATE_TIME_TYPE_PARSE' },
    message: 'Could not parse. Should be ISO8601.',
  })
  return z.NEVER
})

/** discord.py may send a picture without a URL or a footer without text. It means "not set". */
const image = z
  .object({ url: picture.nullish() })
  .transform(({ url }) => (url == null ? undefined : { url }))
const footer = z
  .object({ text: trimmedText(2_048).nullish(), icon_url: picture.nullish() })
  .transform(({ text, icon_url }) =>
    isBlank(text) ? undefined : { text: text!, ...withoutBlanks({ icon_url }) },
  )
const author = z
  .object({ name: requiredText(256), url: link.nullish(), icon_url: picture.nullish() })
  .transform(({ name, url, icon_url }) => ({ name, ...withoutBlanks({ url, icon_url }) }))
const field = z
  .object({ name: requiredText(256), value: requiredText(1_024), inline: z.boolean().nullish() })
  .transform(({ name, value, inline }) => ({ name, value, inline: inline ?? false }))

/**
 * The fields of an embed that a user may send, according to Discord's documentation. Others are
 * dropped: clients send back the whole embed that they received, with `type`, `flags`, `video` and
 * `proxy_url`, which only the server sets.
 */
const fields = z
  .object({
    title: trimmedText(256).nullish(),
    description: trimmedText(4_096).nullish(),
    url: link.nullish(),
    timestamp: timestamp.nullish(),
    color: z.int().min(0).max(0xffffff).nullish(),
    footer: footer.nullish(),
    image: image.nullish(),
    thumbnail: image.nullish(),
    author: author.nullish(),
    fields: z
      .array(field)
      .max(25)
      .nullish()
      .transform((list) => (list?.length ? list : undefined)),
  })
  .transform(withoutBlanks)

export type Embed = z.output<typeof fields>

const lengthOf = ({ title, description, footer, author, fields }: Embed): number =>
  [
    title,
    description,
    footer?.text,
    author?.name,
    ...(fields ?? []).flatMap(({ name, value }) => [name, value]),
  ].reduce((sum, text) => sum + codePoints(text ?? ''), 0)

/** Whether the embed shows anything. A colour, a URL or a time alone does not. */
const isVisible = ({
  title,
  description,
  footer,
  image,
  thumbnail,
  author,
  fields,
}: Embed): boolean =>
  [title, description, footer, image, thumbnail, author, fields].some((part) => part !== undefined)

/** The arguments of `refine` that enforce `MAX_TOTAL`. */
const withinTotal = [
  (list: readonly Embed[]) => list.reduce((sum, embed) => sum + lengthOf(embed), 0) <= MAX_TOTAL,
  {
    params: { code: 'MAX_EMBED_SIZE_EXCEEDED' },
    message: `Embed size exceeds maximum size of ${MAX_TOTAL}`,
  },
] as const

/**
 * The embeds of a message. Invisible ones are dropped, so that a message cannot consist of them
 * alone.
 */
export const embeds = z
  .array(fields)
  .max(10)
  .refine(...withinTotal)
  .transform((list) => list.filter(isVisible))

/** The single embed that older clients send; null if it is invisible. */
export const embed = fields
  .refine((each) => withinTotal[0]([each]), withinTotal[1])
  .transform((each): Embed | null => (isVisible(each) ? each : null))
