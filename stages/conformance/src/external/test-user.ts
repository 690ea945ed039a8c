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
  /** `ALL_INTENTS` by default. */
  readonly intents?: number
  /** Further fields of IDENTIFY. */
  readonly identify?: Readonly<Record<string, unknown>>
}

/** An identified connection and its READY. */
export interface Session {
  readonly socket: Socket
  readonly ready: Ready
}

/** A user of the stage, with access to the REST API and the gateway. */
export interface TestUser {
  readonly id: string
  readonly token: string
  readonly username: string
  /** The name in the transcript. */
  readonly name: string
  readonly api: ApiClient
  /** Connects and identifies, and waits for READY and a GUILD_CREATE for each of its guilds. */
  login(options?: ConnectOptions): Promise<Session>
  /** The same, without READY. */
  connect(options?: ConnectOptions): Promise<Socket>
}

export function createTestUser(
  fixture: Fixture,
  {
    id,
    token,
    username,
    name,
    baseUrl,
  }: { id: string; token: string; username: string; name: string; baseUrl: string },
): TestUser {
  let connections = 0
  const testUser: TestUser = {
    id,
    token,
    username,
    name,
    api: fixture.api(name, `Bot ${token}`, baseUrl),
    async login(options = {}) {
      connections += 1
      const label = connections === 1 ? name : `${name}#${connections}`
      const socket = await fixture.openSocket({ ...options, label })
      await socket.nextFrame(Op.Hello)
      const ready = await identify(socket, token, options)
      expectTrue(ready.user.id === id, 'READY names the user of the token', ready.user)
      const { intents = ALL_INTENTS } = options
      if ((intents & Intent.Guilds) !== 0)
        for (const guild of ready.guilds)
          await socket.nextEvent('GUILD_CREATE', (d) => d.id === guild.id)
      return { socket, ready }
    },
    connect: async (options) => (await testUser.login(options)).socket,
  }
  return testUser
}

/** Sends IDENTIFY on a socket that has received HELLO, and waits for READY. */
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
