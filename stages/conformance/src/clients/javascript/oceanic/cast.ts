import assert from 'node:assert/strict'
import { Client, type ClientEvents, type Guild, type Message, type TextChannel } from 'oceanic.js'
import { hearing, type Stagehand } from '../play.ts'

export const heard = hearing<ClientEvents>()

/** oceanic.js takes the address of the API as an option, and that of the gateway from the API. */
function connect(base: string, token: string): Client {
  return new Client({
    auth: `Bot ${token}`,
    rest: { baseURL: `${base}/api/v10` },
    gateway: { intents: ['ALL'] },
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
  const says = (content: string) => (message: Message) => message.content === content
  return {
    hand,
    world,
    ada,
    bob,
    guildOf,
    textOf,
    says,

    /** Sends as Ada, and waits until Bob has it: both copies. */
    async sent(content: string): Promise<{ mine: Message; theirs: Message }> {
      const got = heard(bob, 'messageCreate', says(content))
      const mine = await textOf(ada).createMessage({ content })
      return { mine, theirs: (await got)[0] }
    },

    async join(): Promise<void> {
      const added = heard(ada, 'guildMemberAdd', (member) => member.id === world.bob.id)
      const entered = heard(bob, 'guildCreate', (guild) => guild.id === world.guildId)
      await guildOf(ada).addMember(world.bob.id, { accessToken: world.bob.token })
      await added
      const [guild] = await entered
      assert.equal(guild.ownerID, world.ada.id)
      assert.ok(guild.channels.has(world.textId))
    },
  }
}
