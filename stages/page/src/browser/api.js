/**
 * Milliseconds after which a request counts as failed. It may still take effect, which is why a
 * send has a nonce.
 */
const TIMEOUT_MS = 10_000
const MAX_ATTEMPTS = 3

/** A request that failed. `status` 0: no answer came. */
class ApiFailure extends Error {
  constructor(status, message) {
    super(message)
    this.name = 'ApiFailure'
    this.status = status
  }
}

/** A REST client. It waits and retries after 429, and throws `ApiFailure` otherwise. */
export function createApi({ token, onUnauthorized = () => {} } = {}) {
  async function call(method, path, input) {
    for (let attempt = 1; ; attempt++) {
      const response = await request(method, path, input)
      const body = await readJson(response)
      if (response.ok) return body
      if (response.status === 429 && attempt < MAX_ATTEMPTS) {
        await new Promise((resolve) =>
          setTimeout(resolve, Math.min(TIMEOUT_MS, (body?.retry_after ?? 1) * 1_000)),
        )
        continue
      }
      if (response.status === 401) onUnauthorized()
      throw new ApiFailure(response.status, describe(response, body))
    }
  }

  async function request(method, path, body) {
    try {
      return await fetch(path, {
        method,
        headers: {
          ...(token === undefined ? {} : { Authorization: `Bot ${token}` }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // The origin tells the stage under which of its names the page is open.
        referrerPolicy: 'origin',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
    } catch (error) {
      throw new ApiFailure(
        0,
        error.name === 'TimeoutError'
          ? 'The server did not answer in time'
          : 'The server cannot be reached',
      )
    }
  }

  const v10 = (method, path, body) => call(method, `/api/v10${path}`, body)
  const emojiPath = (channel, message, emoji) =>
    `/channels/${channel}/messages/${message}/reactions/${encodeURIComponent(emoji)}/@me`

  return {
    gateway: () => v10('GET', '/gateway'),
    me: () => v10('GET', '/users/@me'),
    newUser: (username) => call('POST', '/workshop/users', { username, bot: false }),
    createGuild: (name) => v10('POST', '/guilds', { name }),
    createChannel: (guild, name) => v10('POST', `/guilds/${guild}/channels`, { name, type: 0 }),
    createInvite: (channel) => v10('POST', `/channels/${channel}/invites`, { max_age: 0 }),
    join: (code) => v10('POST', `/invites/${encodeURIComponent(code)}`, {}),
    /** Newest first, at most 100. */
    messages: (channel, query) =>
      v10('GET', `/channels/${channel}/messages?${new URLSearchParams(query)}`),
    send: (channel, content, nonce) =>
      v10('POST', `/channels/${channel}/messages`, { content, nonce, enforce_nonce: true }),
    edit: (channel, message, content) =>
      v10('PATCH', `/channels/${channel}/messages/${message}`, { content }),
    remove: (channel, message) => v10('DELETE', `/channels/${channel}/messages/${message}`),
    react: (channel, message, emoji) => v10('PUT', emojiPath(channel, message, emoji)),
    unreact: (channel, message, emoji) => v10('DELETE', emojiPath(channel, message, emoji)),
    typing: (channel) => v10('POST', `/channels/${channel}/typing`),
  }
}

async function readJson(response) {
  if (response.status === 204) return undefined
  try {
    return await response.json()
  } catch {
    return undefined // not JSON, such as the error page of a proxy
  }
}

/** The server's message. The error of a field says more than "Invalid Form Body". */
function describe(response, body) {
  const field = Object.values(body?.errors ?? {}).find((errors) => errors?._errors?.length)
  return field?._errors[0].message ?? body?.message ?? `The server answered ${response.status}`
}
