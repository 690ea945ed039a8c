import { Intent, Op } from '@threshold/contract'
import type { ApiClient } from './api-client.ts'
import { expectTrue } from './expect.ts'
import type { Fixture } from './fixture.ts'
import type { Ready, Socket, SocketOptions } from './socket.ts'

export const ALL_INTENTS: number =
  Intent.Guilds |
  Intent.GuildMembers |
  Intent.GuildInvites |
  Intent.GuildVoiceStates |
  Intent.GuildPresences |
  Intent.GuildMessages |
  Intent.GuildMessageReactions |
  Intent.GuildMessageTyping |
  Intent.DirectMessages |
  Intent.DirectMessageReactions |
  Intent.DirectMessageTyping |
  Intent.MessageContent

export interface ConnectOptions extends SocketOptions {
  readonly intents?: number
  /** More of IDENTIFY. */
  readonly identify?: Readonly<Record<string, unknown>>
}

/** A connection that has identified, and its READY. */
export interface Session {
  readonly socket: Socket
  readonly ready: Ready
}

/** A user with a way to each of the stage's doors. */
export interface TestUser {
  readonly id: string
  readonly token: string
  readonly username: string
  readonly name: string
  readonly api: ApiClient
  /** Identifies, and waits for READY and for each guild that it names. */
  connect(options?: ConnectOptions): Promise<Socket>
  login(options?: ConnectOptions): Promise<Session>
}

export function createTestUser(
  fixture: Fixture,
  {
    id,
    token,
    username,
    name,
    base,
  }: { id: string; token: string; username: string; name: string; base: string },
): TestUser {
  let connections = 0
  const actor: TestUser = {
    id,
    token,
    username,
    name,
    api: fixture.api(name, `Bot ${token}`, base),
    async login(options = {}) {
      connections += 1
      const who = connections === 1 ? name : `${name}#${connections}`
      const socket = await fixture.openSocket({ ...options, who })
      await socket.nextFrame(Op.Hello)
      const ready = await identify(socket, token, options)
      expectTrue(ready.user.id === id, 'READY names the user of the token', ready.user)
      const { intents = ALL_INTENTS } = options
      if ((intents & Intent.Guilds) !== 0)
        for (const guild of ready.guilds)
          await socket.nextEvent('GUILD_CREATE', (d) => d.id === guild.id)
      return { socket, ready }
    },
    connect: async (options) => (await actor.login(options)).socket,
  }
  return actor
}

/** Says who it is on a socket that said HELLO. */
export async function identify(
  socket: Socket,
  token: string,
  options: ConnectOptions = {},
): Promise<Ready> {
  socket.send(Op.Identify, {
    token,
    intents: options.intents ?? ALL_INTENTS,
    properties: { os: 'linux', browser: 'conformance', device: 'conformance' },
    ...options.identify,
  })
  return socket.nextEvent('READY')
}
