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
 * What one case has of the stage: people and guilds made for it alone, and every socket it opened.
 * Cases run at the same time on one stage, so nothing here may count what others made.
 */
export class Fixture {
  readonly target: Target
  readonly transcript = new Transcript()
  readonly #sockets: { socket: Socket; resumed: boolean }[] = []
  readonly #over = new AbortController()
  #gatewayUrl: Promise<string> | undefined

  constructor(target: Target) {
    this.target = target
  }

  supports(capability: Capability): boolean {
    return this.target.capabilities.has(capability)
  }

  /** A stranger: requests without a token. */
  get anonymous(): ApiClient {
    return this.api('nobody', undefined)
  }

  api(who: string, authorization: string | undefined, base = this.target.baseUrl): ApiClient {
    return new ApiClient(base, who, authorization, {
      journal: this.transcript,
      over: this.#over.signal,
      seen: this.target.covered,
    })
  }

  /** A new user of the workshop. */
  async user(name = 'ada', base = this.target.baseUrl): Promise<TestUser> {
    const username = unique(name)
    const { id, token } = await this.api(name, undefined, base).requestOk<{
      id: string
      token: string
    }>('POST', '/workshop/users', { username }, { prefix: '' })
    this.transcript.redact(token)
    return createTestUser(this, { id, token, username, name, base })
  }

  /** A guild of its owner, one member, a text and a voice channel. */
  guild(options?: GuildOptions): Promise<TestGuild> {
    return createTestGuild(this, options)
  }

  #gateway(): Promise<string> {
    this.#gatewayUrl ??= this.anonymous.get<{ url: string }>('/gateway').then((body) => body.url)
    return this.#gatewayUrl
  }

  /** A bare socket: HELLO may be on its way, nothing has been said. */
  async openSocket(
    options: SocketOptions & { who?: string; url?: string; resumes?: boolean } = {},
  ): Promise<Socket> {
    const url = options.url ?? (await this.#gateway())
    this.#over.signal.throwIfAborted()
    const socket = new Socket(url, options.who ?? 'socket', this.transcript, options)
    this.#sockets.push({ socket: socket, resumed: options.resumes ?? false })
    return socket
  }

  eventually<T>(what: string, ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
    return eventually(what, ask, good, TIMEOUT_MS)
  }

  /** The address of the same stage with a limit that a few requests reach. */
  get limitedUrl(): string {
    if (this.target.limitedUrl !== undefined) return this.target.limitedUrl
    throw new NotRunnable(
      'needs the address of the same stage started with a low rate limit (--limited URL)',
    )
  }

  get published(): Published {
    if (this.target.published !== undefined) return this.target.published
    throw new NotRunnable(
      'needs the same stage started with a public URL (--published URL --published-as GATEWAY)',
    )
  }

  get closedUrl(): string {
    if (this.target.closedUrl !== undefined) return this.target.closedUrl
    throw new NotRunnable(
      'needs the address of the same stage started without provisioning (--closed URL)',
    )
  }

  /** What must be so in every case, whatever else it looks at. */
  verify(): void {
    for (const { socket, resumed } of this.#sockets) {
      if (!resumed) expectContiguous(socket.frames)
      for (const { op, t, d } of socket.frames) {
        const faults = op === 0 ? validateDispatch(t ?? '', d, this.target.covered) : undefined
        expectTrue(faults === undefined, `${t} is not as its schema says:\n${faults}`, d)
      }
    }
  }

  /**
   * Ends every connection, and whatever a case that took too long would still begin; nobody else
   * would.
   */
  dispose(): void {
    this.#over.abort(new Error('the case is over'))
    for (const { socket } of this.#sockets) socket.terminate()
  }
}
