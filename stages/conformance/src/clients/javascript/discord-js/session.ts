import assert from 'node:assert/strict'
import { ActivityType, type Client, Events, type Message, type VoiceChannel } from 'discord.js'
import { type Steps, until } from '../play.ts'
import { type Cast, heard } from './cast.ts'

const comesBack = (client: Client): Promise<'resumed' | 'identified'> =>
  Promise.race([
    heard(client, Events.ShardResume).then(() => 'resumed' as const),
    heard(client, Events.ShardReady).then(() => 'identified' as const),
  ])

/** What a client is by its socket: there, away, in a call, back again. */
export const session = ({ hand, world, ada, bob, guildOf, sent }: Cast) =>
  ({
    async login() {
      const ready = [heard(ada, Events.ClientReady), heard(bob, Events.ClientReady)]
      await Promise.all([ada.login(world.ada.token), bob.login(world.bob.token)])
      await Promise.all(ready)
      assert.equal(ada.user?.id, world.ada.id)
      assert.equal(bob.user?.username, world.bob.username)
    },

    async presence() {
      const got = heard(
        ada,
        Events.PresenceUpdate,
        (_, now) => now.userId === world.bob.id && now.status === 'dnd',
      )
      bob.user?.setPresence({
        status: 'dnd',
        activities: [{ name: 'the scenario', type: ActivityType.Watching }],
      })
      assert.equal((await got)[1].activities[0]?.name, 'the scenario')
    },

    async voice() {
      let server: { token: string; endpoint: string | null } | undefined
      // What @discordjs/voice uses: the way by which a voice connection speaks through the gateway.
      const adapter = guildOf(bob).voiceAdapterCreator({
        onVoiceServerUpdate: (data) => {
          server = data
        },
        onVoiceStateUpdate: () => {},
        destroy: () => {},
      })
      const move = (channel_id: string | null) =>
        adapter.sendPayload({
          op: 4,
          d: { guild_id: world.guildId, channel_id, self_mute: false, self_deaf: true },
        })
      const joined = heard(
        ada,
        Events.VoiceStateUpdate,
        (_, now) => now.id === world.bob.id && now.channelId === world.voiceId,
      )
      move(world.voiceId)
      assert.equal((await joined)[1].selfDeaf, true)
      await until('VOICE_SERVER_UPDATE', () => server !== undefined)
      assert.ok(server?.token && server.endpoint)
      assert.ok(
        (guildOf(ada).channels.cache.get(world.voiceId) as VoiceChannel).members.has(world.bob.id),
      )
      const left = heard(
        ada,
        Events.VoiceStateUpdate,
        (_, now) => now.id === world.bob.id && now.channelId === null,
      )
      move(null)
      await left
    },

    async reconnect() {
      const seen: string[] = []
      const remember = (message: Message): void => void seen.push(message.content)
      bob.on(Events.MessageCreate, remember)
      const back = [comesBack(ada), comesBack(bob)]
      const missed = await hand.ask('cut')
      const ways = await Promise.all(back)
      hand.note(`after a cut socket: ${ways.join(', ')}`)
      await sent('after the cut')
      assert.deepEqual(seen, world.resume ? [missed, 'after the cut'] : ['after the cut'])
      assert.deepEqual(ways, world.resume ? ['resumed', 'resumed'] : ['identified', 'identified'])
      bob.off(Events.MessageCreate, remember)
    },

    async zombie() {
      const back = [comesBack(ada), comesBack(bob)]
      await hand.ask('mute')
      hand.note(`after a silent server: ${(await Promise.all(back)).join(', ')}`)
      await sent('after the silence')
    },

    async close() {
      // Seen first, since who is back and gone again within a moment need not be mentioned.
      const there = heard(
        ada,
        Events.PresenceUpdate,
        (_, now) => now.userId === world.bob.id && now.status === 'idle',
      )
      bob.user?.setPresence({ status: 'idle' })
      await there
      const offline = heard(
        ada,
        Events.PresenceUpdate,
        (_, now) => now.userId === world.bob.id && now.status === 'offline',
      )
      await bob.destroy()
      await offline
      await ada.destroy()
    },
  }) satisfies Partial<Steps>
