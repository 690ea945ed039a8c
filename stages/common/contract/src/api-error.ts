import type { z } from 'zod'

/** Validation errors, nested like the form: `{content: {_errors: [{code, message}]}}`. */
export interface FieldErrors {
  [field: string]: FieldErrors | { code: string; message: string }[]
}

/** An error response in Discord's format. Handlers throw it, and one error middleware writes it. */
export class ApiError extends Error {
  readonly status: number
  readonly code: number
  readonly errors: FieldErrors | undefined
  /** Seconds after which the client may retry, for 429 and 503. */
  readonly retryAfter: number | undefined

  constructor(
    status: number,
    code: number,
    message: string,
    details: { errors?: FieldErrors; retryAfter?: number } = {},
  ) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.errors = details.errors
    this.retryAfter = details.retryAfter
  }

  toJSON(): object {
    return {
      message: this.message,
      code: this.code,
      ...(this.errors ? { errors: this.errors } : {}),
      ...(this.retryAfter === undefined ? {} : { retry_after: this.retryAfter }),
    }
  }
}

/** Every error of the contract, by its reason. Codes and messages are Discord's. */
export const refuse = {
  unauthorized: () => new ApiError(401, 0, '401: Unauthorized'),
  notFound: () => new ApiError(404, 0, '404: Not Found'),
  malformedRequest: () => new ApiError(400, 0, '400: Bad Request'),
  unknownChannel: () => new ApiError(404, 10003, 'Unknown Channel'),
  unknownGuild: () => new ApiError(404, 10004, 'Unknown Guild'),
  unknownInvite: () => new ApiError(404, 10006, 'Unknown Invite'),
  unknownMember: () => new ApiError(404, 10007, 'Unknown Member'),
  unknownMessage: () => new ApiError(404, 10008, 'Unknown Message'),
  unknownOverwrite: () => new ApiError(404, 10009, 'Unknown Permission Overwrite'),
  unknownRole: () => new ApiError(404, 10011, 'Unknown Role'),
  unknownUser: () => new ApiError(404, 10013, 'Unknown User'),
  /** The path of the reaction contains no emoji. */
  unknownEmoji: () => new ApiError(400, 10014, 'Unknown Emoji'),
  noSuchEmoji: () => new ApiError(404, 10014, 'Unknown Emoji'),
  unknownWebhook: () => new ApiError(404, 10015, 'Unknown Webhook'),
  unknownBan: () => new ApiError(404, 10026, 'Unknown Ban'),
  unknownSku: () => new ApiError(404, 10027, 'Unknown SKU'),
  unknownEntitlement: () => new ApiError(404, 10029, 'Unknown Entitlement'),
  unknownTemplate: () => new ApiError(404, 10057, 'Unknown Guild Template'),
  unknownSticker: () => new ApiError(404, 10060, 'Unknown Sticker'),
  unknownStickerPack: () => new ApiError(404, 10061, 'Unknown Sticker Pack'),
  unknownCommand: () => new ApiError(404, 10063, 'Unknown application command'),
  unknownVoiceState: () => new ApiError(404, 10065, 'Unknown Voice State'),
  unknownCommandPermissions: () =>
    new ApiError(404, 10066, 'Unknown application command permissions'),
  unknownStageInstance: () => new ApiError(404, 10067, 'Unknown Stage Instance'),
  unknownWelcomeScreen: () => new ApiError(404, 10069, 'Unknown Guild Welcome Screen'),
  unknownScheduledEvent: () => new ApiError(404, 10070, 'Unknown Guild Scheduled Event'),
  unknownSound: () => new ApiError(404, 10097, 'Unknown Sound'),
  /** Discord has no code for this error. */
  unknownAutoModerationRule: () => new ApiError(404, 0, 'Unknown Auto Moderation Rule'),
  slowMode: (seconds: number) =>
    new ApiError(429, 20016, 'This action cannot be performed due to slowmode rate limit.', {
      retryAfter: seconds,
    }),
  tooManyReactions: () => new ApiError(400, 30010, 'Maximum number of reactions reached (20)'),
  notInVoice: () => new ApiError(400, 40032, 'Target user is not connected to voice.'),
  tooLarge: () => new ApiError(413, 40005, 'Request entity too large'),
  unsupportedMedia: () => new ApiError(415, 0, '415: Unsupported Media Type'),
  missingAccess: () => new ApiError(403, 50001, 'Missing Access'),
  dmNotAllowed: () => new ApiError(403, 50003, 'Cannot execute action on a DM channel'),
  widgetDisabled: () => new ApiError(403, 50004, 'Guild widget disabled'),
  notYourMessage: () => new ApiError(403, 50005, 'Cannot edit a message authored by another user'),
  emptyMessage: () => new ApiError(400, 50006, 'Cannot send an empty message'),
  notTextChannel: () => new ApiError(400, 50008, 'Cannot send messages in a non-text channel'),
  missingPermissions: () => new ApiError(403, 50013, 'Missing Permissions'),
  wrongChannelType: () => new ApiError(400, 50024, 'Cannot execute action on this channel type'),
  invalidToken: () => new ApiError(403, 50025, 'Invalid OAuth2 access token provided'),
  bulkDeleteCount: () =>
    new ApiError(
      400,
      50016,
      'Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages to delete',
    ),
  invalidRole: () => new ApiError(400, 50028, 'Invalid Role'),
  bulkDeleteTooOld: () =>
    new ApiError(400, 50034, 'You can only bulk delete messages that are under 14 days old.'),
  invalidForm: (errors: FieldErrors) => new ApiError(400, 50035, 'Invalid Form Body', { errors }),
  malformedJson: () => new ApiError(400, 50109, 'The request body contains invalid JSON.'),
  rateLimited: (seconds: number) =>
    new ApiError(429, 0, 'You are being rate limited.', { retryAfter: seconds }),
  /** The client may retry after `seconds`, with the same nonce. */
  unavailable: (seconds = 1) =>
    new ApiError(503, 0, '503: Service Unavailable', { retryAfter: seconds }),
} as const

/** An error of one field, such as for `limit=abc`. */
export const invalidField = (field: string, code: string, message: string): ApiError =>
  refuse.invalidForm({ [field]: { _errors: [{ code, message }] } })

/** Zod's issues as Discord's nested form errors. */
export function formErrors(error: z.ZodError): FieldErrors {
  const root: FieldErrors = {}
  for (const issue of error.issues) {
    // A strict form reports all unknown fields in one issue.
    const fields =
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => [...issue.path, key])
        : [issue.path]
    for (const path of fields) add(root, path, describe(issue))
  }
  return root
}

function add(
  root: FieldErrors,
  path: readonly PropertyKey[],
  error: { code: string; message: string },
): void {
  let node = root
  for (const step of path) {
    const key = String(step)
    const child = node[key]
    const next = child === undefined || Array.isArray(child) ? {} : child
    node[key] = next
    node = next
  }
  const list = Array.isArray(node._errors) ? node._errors : []
  list.push(error)
  node._errors = list
}

function describe(issue: z.core.$ZodIssue): { code: string; message: string } {
  switch (issue.code) {
    case 'invalid_type':
      // Only Zod's message tells that the input was missing; the issue does not contain the input.
      if (/received (undefined|null)$/.test(issue.message))
        return { code: 'BASE_TYPE_REQUIRED', message: 'This field is required' }
      return {
        code: `${issue.expected.toUpperCase()}_TYPE_CONVERT`,
        message: `Could not interpret this value as ${issue.expected}.`,
      }
    case 'too_big':
      if (issue.origin === 'string' || issue.origin === 'array')
        return {
          code: 'BASE_TYPE_MAX_LENGTH',
          message: `Must be ${issue.maximum} or fewer in length.`,
        }
      return {
        code: 'NUMBER_TYPE_MAX',
        message: `int value should be less than or equal to ${issue.maximum}.`,
      }
    case 'too_small':
      if (issue.origin === 'string' || issue.origin === 'array')
        return {
          code: 'BASE_TYPE_MIN_LENGTH',
          message: `Must be ${issue.minimum} or more in length.`,
        }
      return {
        code: 'NUMBER_TYPE_MIN',
        message: `int value should be greater than or equal to ${issue.minimum}.`,
      }
    case 'invalid_value':
      // The issue has the input if the caller set `reportInput`.
      if ('input' in issue && issue.input == null)
        return { code: 'BASE_TYPE_REQUIRED', message: 'This field is required' }
      return {
        code: 'BASE_TYPE_CHOICES',
        message: `Value must be one of {${issue.values.map(String).join(', ')}}.`,
      }
    case 'unrecognized_keys':
      return {
        code: 'FIELD_UNSUPPORTED',
        message: 'This parameter is not supported by this server.',
      }
    case 'custom':
      return { code: String(issue.params?.code ?? 'BASE_TYPE_BAD_VALUE'), message: issue.message }
    default:
      return { code: 'BASE_TYPE_BAD_VALUE', message: issue.message }
  }
}
