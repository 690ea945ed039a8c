import { CodedError } from '@threshold/kit'
import { Agent, request } from 'undici'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A client of a stage's REST API. */
export interface Api {
  /**
   * Sends a request and returns the parsed body of a 2xx answer.
   *
   * @throws CodedError `STAGE_REFUSED` for any other status
   */
  call(method: Method, path: string, token?: string, body?: object): Promise<unknown>
}

/** Requests that one `Api` has in flight; it queues the rest. */
export const API_CONNECTIONS = 8

export function createApi(baseUrl: string): Api & AsyncDisposable {
  const agent = new Agent({ connections: API_CONNECTIONS })
  return {
    async call(method, path, token, body) {
      const { statusCode, body: response } = await request(`${baseUrl}${path}`, {
        dispatcher: agent,
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bot ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (statusCode < 200 || statusCode > 299)
        throw new CodedError(
          'STAGE_REFUSED',
          `${method} ${path}: ${statusCode} ${text.slice(0, 200)}`,
        )
      return text === '' ? undefined : JSON.parse(text)
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}
