import { z } from 'zod'
import { timeToWire } from '../time.ts'
import { codePoints, orNull, text, trimmedText } from './fields.ts'

/** Code points of all that can be read in the embeds of one message together. */
const MAX_TOTAL = 6_000

const iso8601 = z.iso.datetime({ offset: true })
const FIRST = Date.parse('0001-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')

const isBlank = (value: string | null | undefined): boolean => value == null || value.trim() === ''

/**
 * Null, absent and blank all say nothing. What says nothing is not kept, so an embed reads the same
 * however it was sent.
 */
const said = <T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => !(typeof value === 'string' ? isBlank(value) : value == null),
    ),
  ) as {
    [K in keyof T]?: NonNullable<T[K]>
  }

const required = (max: number) =>
  trimmedText(max).refine((value) => !isBlank(value), {
    params: { code: 'BASE_TYPE_REQUIRED' },
    message: 'This field is required',
  })

/** Only schemes that a client may open or show without a second thought: never `javascript:`. */
const address = (schemes: RegExp) =>
  text(2_048).refine((value) => schemes.test(value) && URL.canParse(value), {
    params: { code: 'URL_TYPE_INVALID_URL' },
    message: 'Not a well formed URL.',
  })
const link = address(/^https?:\/\//i)
/**
 * Pictures may name a file that was sent along, too. Files are outside the contract, so nothing is
 * shown for it.
 */
const picture = address(/^(https?|attachment):\/\//i)

/** Answered as Discord writes times. */
const timestamp = z.string().transform((value, context): string => {
  // Without an offset it means UTC, here and at Discord; JavaScript would take it for the machine's
  // own time.
  const zoned = /(Z|[+-]\d\d:\d\d)$/.test(value) ? value : `${value}Z`
  const at = iso8601.safeParse(zoned).success ? Date.parse(zoned) : Number.NaN
  if (at >= FIRST && at <= LAST) return timeToWire(at)
  context.addIssue({
    code: 'custom',
    params: { code: 'DATE_TIME_TYPE_PARSE' },
    message: 'Could not parse. Should be ISO8601.',
  })
  return z.NEVER
})

/**
 * discord.py sends a footer without a text, and pictures without an address, for what was taken
 * away again.
 */
const image = z
  .object({ url: orNull(picture) })
  .transform(({ url }) => (url == null ? undefined : { url }))
const footer = z
  .object({ text: orNull(trimmedText(2_048)), icon_url: orNull(picture) })
  .transform(({ text, icon_url }) =>
    isBlank(text) ? undefined : { text: text!, ...said({ icon_url }) },
  )
const author = z
  .object({ name: required(256), url: orNull(link), icon_url: orNull(picture) })
  .transform(({ name, url, icon_url }) => ({ name, ...said({ url, icon_url }) }))
const field = z
  .object({ name: required(256), value: required(1_024), inline: orNull(z.boolean()) })
  .transform(({ name, value, inline }) => ({ name, value, inline: inline ?? false }))

/**
 * What Discord documents of an embed that a user may send, and nothing else. Clients send their
 * whole structure, also `type`, `flags`, `video` or `proxy_url` of an embed that they were given:
 * those are the server's to say.
 */
const fields = z
  .object({
    title: orNull(trimmedText(256)),
    description: orNull(trimmedText(4_096)),
    url: orNull(link),
    timestamp: orNull(timestamp),
    color: orNull(z.int().min(0).max(0xffffff)),
    footer: orNull(footer),
    image: orNull(image),
    thumbnail: orNull(image),
    author: orNull(author),
    fields: orNull(z.array(field).max(25)).transform((list) => (list?.length ? list : undefined)),
  })
  .transform(said)

export type Embed = z.output<typeof fields>

const lengthOf = ({ title, description, footer, author, fields }: Embed): number =>
  [
    title,
    description,
    footer?.text,
    author?.name,
    ...(fields ?? []).flatMap(({ name, value }) => [name, value]),
  ].reduce((sum, text) => sum + codePoints(text ?? ''), 0)

/** A colour, an address or a time alone shows nothing. */
const shows = ({ title, description, footer, image, thumbnail, author, fields }: Embed): boolean =>
  [title, description, footer, image, thumbnail, author, fields].some((part) => part !== undefined)

const withinTotal = [
  (list: readonly Embed[]) => list.reduce((sum, embed) => sum + lengthOf(embed), 0) <= MAX_TOTAL,
  {
    params: { code: 'MAX_EMBED_SIZE_EXCEEDED' },
    message: `Embed size exceeds maximum size of ${MAX_TOTAL}`,
  },
] as const

/**
 * The embeds of a message. One that shows nothing is left out, so that it does not make a message
 * of an empty one.
 */
export const embeds = z
  .array(fields)
  .max(10)
  .refine(...withinTotal)
  .transform((list) => list.filter(shows))

/** The one embed of older clients; null where it shows nothing. */
export const embed = fields
  .refine((one) => withinTotal[0]([one]), withinTotal[1])
  .transform((one): Embed | null => (shows(one) ? one : null))
