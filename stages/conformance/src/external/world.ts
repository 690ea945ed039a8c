import { type Actor, createActor } from './actor.ts'
import { type Capability, NotTried, type Published, type Target } from './case.ts'
import { holds } from './expect.ts'
import { type GuildOptions, makeGuild, type TestGuild } from './guild.ts'
import { Journal } from './journal.ts'
import { Api } from './rest.ts'
import { faultsOfDispatch } from './schema/check.ts'
import { isContiguous, PATIENCE_MS, Socket, type SocketOptions } from './socket.ts'
import { unique } from './unique.ts'
import { eventually } from './wait.ts'

/**
 * What one case has of the stage: people and guilds made for it alone, and every socket it opened.
 * Cases run at the same time on one stage, so nothing here may count what others made.
 */
export class World {
  readonly target: Target
  readonly journal = new Journal()
  readonly #sockets: { socket: Socket; resumed: boolean }[] = []
  readonly #over = new AbortController()
  #gatewayUrl: Promise<string> | undefined

  constructor(target: Target) {
    this.target = target
  }

  can(capability: Capability): boolean {
    return this.target.capabilities.has(capability)
  }

  /** A stranger: requests without a token. */
  get anonymous(): Api {
    return this.api('nobody', undefined)
  }

  api(who: string, authorization: string | undefined, base = this.target.baseUrl): Api {
    return new Api(base, who, authorization, {
      journal: this.journal,
      over: this.#over.signal,
      seen: this.target.seen,
    })
  }

  /** A new user of the workshop. */
  async user(name = 'ada', base = this.target.baseUrl): Promise<Actor> {
    const username = unique(name)
    const { id, token } = await this.api(name, undefined, base).ask<{ id: string; token: string }>(
      'POST',
      '/workshop/users',
      { username },
      { prefix: '' },
    )
    this.journal.hide(token)
    return createActor(this, { id, token, username, name, base })
  }

  /** A guild of its owner, one member, a text and a voice channel. */
  guild(options?: GuildOptions): Promise<TestGuild> {
    return makeGuild(this, options)
  }

  #gateway(): Promise<string> {
    this.#gatewayUrl ??= this.anonymous.get<{ url: string }>('/gateway').then((body) => body.url)
    return this.#gatewayUrl
  }

  /** A bare socket: HELLO may be on its way, nothing has been said. */
  async socket(
    options: SocketOptions & { who?: string; url?: string; resumes?: boolean } = {},
  ): Promise<Socket> {
    const url = options.url ?? (await this.#gateway())
    this.#over.signal.throwIfAborted()
    const socket = new Socket(url, options.who ?? 'socket', this.journal, options)
    this.#sockets.push({ socket, resumed: options.resumes ?? false })
    return socket
  }

  eventually<T>(what: string, ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
    return eventually(what, ask, good, PATIENCE_MS)
  }

  /** The address of the same stage with a limit that a few requests reach. */
  get limited(): string {
    if (this.target.limitedUrl !== undefined) return this.target.limitedUrl
    throw new NotTried(
      'needs the address of the same stage started with a low rate limit (--limited URL)',
    )
  }

  get published(): Published {
    if (this.target.published !== undefined) return this.target.published
    throw new NotTried(
      'needs the same stage started with a public URL (--published URL --published-as GATEWAY)',
    )
  }

  get closed(): string {
    if (this.target.closedUrl !== undefined) return this.target.closedUrl
    throw new NotTried(
      'needs the address of the same stage started without provisioning (--closed URL)',
    )
  }

  /** What must be so in every case, whatever else it looks at. */
  verify(): void {
    for (const { socket, resumed } of this.#sockets) {
      if (!resumed) isContiguous(socket.frames)
      for (const { op, t, d } of socket.frames) {
        const faults = op === 0 ? faultsOfDispatch(t ?? '', d, this.target.seen) : undefined
        holds(faults === undefined, `${t} is not as its schema says:\n${faults}`, d)
      }
    }
  }

  /**
   * Ends every connection, and whatever a case that took too long would still begin; nobody else
   * would.
   */
  dispose(): void {
    this.#over.abort(new Error('the case is over'))
    for (const { socket } of this.#sockets) socket.cut()
  }
}
