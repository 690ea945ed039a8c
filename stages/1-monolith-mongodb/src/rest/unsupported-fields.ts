import { type ApiError, invalidField } from '@threshold/contract'
import type { ChannelType } from '@threshold/domain'

interface ChannelField {
  /** Types of channel that have the field. */
  readonly types: readonly ChannelType[]
  /** The value that asks for nothing, beside null. */
  readonly standing: unknown
}

/**
 * Discord documents these for some types of channel alone. Slow mode works here in an announcement
 * channel too, so it is taken there.
 */
const FIELDS = {
  topic: { types: [0, 5], standing: '' },
  nsfw: { types: [0, 2, 5], standing: false },
  rate_limit_per_user: { types: [0, 2, 5], standing: 0 },
  bitrate: { types: [2], standing: 64_000 },
  user_limit: { types: [2], standing: 0 },
} satisfies Record<string, ChannelField>

/**
 * The refusal of a field that a channel of this type does not have. An answer of 200 would say that
 * it was set.
 */
export function unsupportedField(
  type: ChannelType,
  input: { readonly [F in keyof typeof FIELDS]?: unknown },
): ApiError | undefined {
  for (const [field, { types, standing }] of Object.entries<ChannelField>(FIELDS)) {
    const value = input[field as keyof typeof FIELDS]
    if (value == null || value === standing || types.includes(type)) continue
    return invalidField(
      field,
      'FIELD_UNSUPPORTED',
      `${field} is not supported for a channel of type ${type}.`,
    )
  }
  return undefined
}
