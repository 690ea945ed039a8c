import { ApiClient } from './api-client.ts'
import { type Capability, NotRunnable, type Published, type Target } from './case.ts'
import { expectTrue } from './expect.ts'
import { validateDispatch } from './schema/validate.ts'
import { expectContiguous, Socket, type SocketOptions, TIMEOUT_MS } from './socket.ts'
import { createTestGuild, type GuildOptions, type TestGuild } from './test-guild.ts'
import { createTestUser, type TestUser } from './test-user.ts'
import { Transcript } from './transcript.ts'
import { unique } from './unique.ts'
import { eventually } from './wait.ts'

/**
 * One case's access to the stage: it provisions users and guilds and opens sockets. Cases run
 * concurrently on one stage, so a case must not count or change what another case made.
 */
export class Fixture {
  readonly target: Target
  readonly transcript = new Transcript()
  readonly #sockets: { socket: Socket; resumed: boolean }[] = []
  readonly #abort = new AbortController()
  #gatewayUrl: Promise<string> | undefined

  constructor(target: Target) {
    this.target = target
  }

  supports(capability: Capability): boolean {
    return this.target.capabilities.has(capability)
  }

  /** Requests without a token. */
  get anonymous(): ApiClient {
    return this.api('nobody', undefined)
  }

  /** @param label names the client in the transcript */
  api(label: string, authorization: string | undefined, baseUrl = this.target.baseUrl): ApiClient {
    return new ApiClient(baseUrl, label, authorization, {
      transcript: this.transcript,
      signal: this.#abort.signal,
      covered: this.target.covered,
    })
  }

  /** Provisions a user. */
  async user(name = 'ada', baseUrl = this.target.baseUrl): Promise<TestUser> {
    const username = unique(name)
    const { id, token } = await this.api(name, undefined, baseUrl).requestOk<{
      id: string
      token: string
    }>('POST', '/workshop/users', { username }, { prefix: '' })
    this.transcript.redact(token)
    return createTestUser(this, { id, token, username, name, baseUrl })
  }

  /** Provisions a guild with an owner, one member, a text channel and a voice channel. */
  guild(options?: GuildOptions): Promise<TestGuild> {
    return createTestGuild(this, options)
  }

  #gateway(): Promise<string> {
    this.#gatewayUrl ??= this.anonymous.get<{ url: string }>('/gateway').then((body) => body.url)
    return this.#gatewayUrl
  }

  /**
   * Opens a gateway connection on which nothing has been sent. Set `resumes` if the case sends
   * RESUME on it: its sequence numbers then do not start at 1.
   */
  async openSocket(
    options: SocketOptions & { label?: string; url?: string; resumes?: boolean } = {},
  ): Promise<Socket> {
    const url = options.url ?? (await this.#gateway())
    this.#abort.signal.throwIfAborted()
    const socket = new Socket(url, options.label ?? 'socket', this.transcript, options)
    this.#sockets.push({ socket, resumed: options.resumes ?? false })
    return socket
  }

  /** Polls until the value is accepted, or fails after 30 s. */
  eventually<T>(
    subject: string,
    poll: () => Promise<T>,
    accepts: (value: T) => boolean,
  ): Promise<T> {
    return eventually(subject, poll, accepts, TIMEOUT_MS)
  }

  /** The address of the same stage with a limit that a few requests exceed. */
  get limitedUrl(): string {
    if (this.target.limitedUrl !== undefined) return this.target.limitedUrl
    throw new NotRunnable(
      'needs the address of the same stage started with a low rate limit (--limited URL)',
    )
  }

  get published(): Published {
    if (this.target.published !== undefined) return this.target.published
    throw new NotRunnable(
      'needs the same stage started with a public URL (--published URL --published-as GATEWAY --published-at SOCKETS)',
    )
  }

  /** The address of the same stage with provisioning off. */
  get closedUrl(): string {
    if (this.target.closedUrl !== undefined) return this.target.closedUrl
    throw new NotRunnable(
      'needs the address of the same stage started without provisioning (--closed URL)',
    )
  }

  /** Checks the sequence numbers and the schema of every dispatch that any socket received. */
  verify(): void {
    for (const { socket, resumed } of this.#sockets) {
      if (!resumed) expectContiguous(socket.frames)
      for (const { op, t, d } of socket.frames) {
        const errors = op === 0 ? validateDispatch(t ?? '', d, this.target.covered) : undefined
        expectTrue(errors === undefined, `${t} does not match its schema:\n${errors}`, d)
      }
    }
  }

  /** Closes every connection and aborts requests, also those of a case that has timed out. */
  dispose(): void {
    this.#abort.abort(new Error('the case is over'))
    for (const { socket } of this.#sockets) socket.terminate()
  }
}
