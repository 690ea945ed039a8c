import { Intent, Op } from '@threshold/contract'
import { holds } from './expect.ts'
import type { Api } from './rest.ts'
import type { Ready, Socket, SocketOptions } from './socket.ts'
import type { World } from './world.ts'

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
export interface Actor {
  readonly id: string
  readonly token: string
  readonly username: string
  readonly name: string
  readonly api: Api
  /** Identifies, and waits for READY and for each guild that it names. */
  connect(options?: ConnectOptions): Promise<Socket>
  login(options?: ConnectOptions): Promise<Session>
}

export function createActor(
  world: World,
  {
    id,
    token,
    username,
    name,
    base,
  }: { id: string; token: string; username: string; name: string; base: string },
): Actor {
  let connections = 0
  const actor: Actor = {
    id,
    token,
    username,
    name,
    api: world.api(name, `Bot ${token}`, base),
    async login(options = {}) {
      connections += 1
      const who = connections === 1 ? name : `${name}#${connections}`
      const socket = await world.socket({ ...options, who })
      await socket.frame(Op.Hello)
      const ready = await identify(socket, token, options)
      holds(ready.user.id === id, 'READY names the user of the token', ready.user)
      const { intents = ALL_INTENTS } = options
      if ((intents & Intent.Guilds) !== 0)
        for (const guild of ready.guilds)
          await socket.next('GUILD_CREATE', (d) => d.id === guild.id)
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
  return socket.next('READY')
}
