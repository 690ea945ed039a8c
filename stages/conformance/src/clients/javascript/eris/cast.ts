import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { connect as connectTo } from 'node:net'
import { Client, type ClientEvents, type Guild, type Message, type TextChannel } from 'eris'
import { hearing, type Stagehand } from '../play.ts'

export const heard = hearing<ClientEvents>()

/**
 * eris knows `https://host/path` alone. Its option `agent`, there for proxies, says how a
 * connection to that host is made: here to the address under test, without TLS. The gateway's
 * address it takes from the API.
 */
function connect(base: string, token: string): Client {
  const { hostname, port } = new URL(base)
  const agent = Object.assign(new Agent({ keepAlive: true }), {
    createConnection: () => connectTo(Number(port), hostname),
  })
  return new Client(`Bot ${token}`, {
    intents: ['all'],
    restMode: true,
    rest: { agent, domain: `${hostname}:${port}`, baseURL: '/api/v9' },
  })
}

export type Cast = ReturnType<typeof createCast>

export function createCast(hand: Stagehand) {
  const { world } = hand
  const [ada, bob] = [connect(world.base, world.ada.token), connect(world.base, world.bob.token)]
  for (const [name, client] of [['ada', ada] as const, ['bob', bob] as const]) {
    client.on('debug', (text) => hand.log(name, text))
    client.on('warn', (text) => hand.log(name, text))
    client.on('error', (error) => hand.log(name, String(error)))
  }
  const guildOf = (client: Client): Guild => client.guilds.get(world.guildId)!
  const textOf = (client: Client): TextChannel => client.getChannel(world.textId) as TextChannel
  const says = (content: string) => (message: { content: string }) => message.content === content
  return {
    hand,
    world,
    ada,
    bob,
    guildOf,
    textOf,
    says,

    /** Sends as Ada, and waits until Bob has it: both copies. */
    async sent(
      content: string,
    ): Promise<{ mine: Message<TextChannel>; theirs: Message<TextChannel> }> {
      const got = heard(bob, 'messageCreate', says(content))
      const mine = await textOf(ada).createMessage(content)
      return { mine, theirs: (await got)[0] as Message<TextChannel> }
    },

    async join(): Promise<void> {
      const added = heard(ada, 'guildMemberAdd', (_guild, member) => member.id === world.bob.id)
      const entered = heard(bob, 'guildCreate', (guild) => guild.id === world.guildId)
      await guildOf(ada).addMember(world.bob.id, world.bob.token)
      await added
      const [guild] = await entered
      assert.equal(guild.ownerID, world.ada.id)
      assert.ok(guild.channels.has(world.textId))
    },
  }
}
