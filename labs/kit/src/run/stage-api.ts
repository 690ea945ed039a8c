import { CodedError, messageOf } from '@threshold/kit'
import { Agent, type Dispatcher, request } from 'undici'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A client of a stage's REST API. It never repeats a request: see `retryWhileBusy`. */
export interface Api {
  /**
   * Sends a request and returns the parsed body of a 2xx answer.
   *
   * @throws CodedError `STAGE_OVERLOADED` for 429 and 503, `STAGE_UNREACHABLE` if no answer came,
   * and `STAGE_REFUSED` for any other status
   */
  call(method: Method, path: string, token?: string, body?: object): Promise<unknown>
}

/** Requests that one `Api` has in flight; it queues the rest. */
export const API_CONNECTIONS = 8

/** A stage gives up on a request after 5 s. One that is paused or starved never answers. */
const ANSWER_TIMEOUT_MS = 60_000

export function createApi(baseUrl: string): Api & AsyncDisposable {
  const agent = new Agent({ connections: API_CONNECTIONS, headersTimeout: ANSWER_TIMEOUT_MS })
  return {
    async call(method, path, token, body) {
      const subject = `${method} ${path}`
      const { response, text } = await exchange(subject, `${baseUrl}${path}`, {
        dispatcher: agent,
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bot ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (response.statusCode < 200 || response.statusCode > 299)
        throw refusal(subject, response, text)
      return text === '' ? undefined : JSON.parse(text)
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

async function exchange(
  subject: string,
  url: string,
  options: Parameters<typeof request>[1],
): Promise<{ response: Dispatcher.ResponseData<unknown>; text: string }> {
  try {
    const response = await request(url, options)
    return { response, text: await response.body.text() }
  } catch (error) {
    throw new CodedError(
      'STAGE_UNREACHABLE',
      `${subject}: the stage did not answer (${messageOf(error)})`,
      { cause: error },
    )
  }
}

function refusal(
  subject: string,
  { statusCode, headers }: Dispatcher.ResponseData<unknown>,
  text: string,
): CodedError {
  if (statusCode === 503 || statusCode === 429) {
    const why =
      statusCode === 503 ? 'it is too busy to answer in time' : 'it accepts no more requests now'
    return new CodedError('STAGE_OVERLOADED', `${subject}: ${why} (${statusCode})`, {
      retryAfterMs: Math.max(0, Number(headers['retry-after'] ?? 0) || 0) * 1_000,
    })
  }
  const why = errorMessageIn(text)
  return new CodedError(
    'STAGE_REFUSED',
    `${subject}: the stage refused it (${statusCode}${why === undefined ? '' : `: ${why}`})`,
  )
}

/** The `message` of an error in the stage's format, without the rest of the body. */
function errorMessageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text)
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}
