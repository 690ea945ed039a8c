import { type ApiError, invalidField } from '@threshold/contract'
import type { ChannelType } from '@threshold/domain'

interface ChannelField {
  /** The types of channel that have the field. */
  readonly types: readonly ChannelType[]
  /** The value that changes nothing. It is accepted for every type, as null is. */
  readonly neutral: unknown
}

/**
 * Fields that only some types of channel have, by Discord's documentation. Slow mode is accepted
 * for announcement channels too, where this server supports it.
 */
const FIELDS = {
  topic: { types: [0, 5], neutral: '' },
  nsfw: { types: [0, 2, 5], neutral: false },
  rate_limit_per_user: { types: [0, 2, 5], neutral: 0 },
  bitrate: { types: [2], neutral: 64_000 },
  user_limit: { types: [2], neutral: 0 },
} satisfies Record<string, ChannelField>

/**
 * The error for a field that a channel of this type does not have, or undefined. Ignoring the field
 * would tell the client that it was set.
 */
export function unsupportedField(
  type: ChannelType,
  input: { readonly [F in keyof typeof FIELDS]?: unknown },
): ApiError | undefined {
  for (const [field, { types, neutral }] of Object.entries<ChannelField>(FIELDS)) {
    const value = input[field as keyof typeof FIELDS]
    if (value == null || value === neutral || types.includes(type)) continue
    return invalidField(
      field,
      'FIELD_UNSUPPORTED',
      `${field} is not supported for a channel of type ${type}.`,
    )
  }
  return undefined
}
