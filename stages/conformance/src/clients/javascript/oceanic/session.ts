import assert from 'node:assert/strict'
import { ActivityTypes, type Client, type Message } from 'oceanic.js'
import { awaited, type Steps } from '../play.ts'
import { type Cast, heard } from './cast.ts'

const comesBack = (client: Client): Promise<'resumed' | 'identified'> =>
  Promise.race([
    heard(client, 'shardResume').then(() => 'resumed' as const),
    heard(client, 'shardReady').then(() => 'identified' as const),
  ])

/** What a client is by its socket: there, away, in a call, back again. */
export const session = ({ hand, world, ada, bob, sent }: Cast) =>
  ({
    async login() {
      const ready = [heard(ada, 'ready'), heard(bob, 'ready')]
      await Promise.all([ada.connect(), bob.connect()])
      await Promise.all(ready)
      assert.equal(ada.user.id, world.ada.id)
      assert.equal(bob.user.username, world.bob.username)
      assert.equal(ada.application.id, world.ada.id)
    },

    async presence() {
      const got = heard(
        ada,
        'presenceUpdate',
        (_guild, member, presence) => member.id === world.bob.id && presence.status === 'dnd',
      )
      await bob.editStatus('dnd', [{ name: 'the scenario', type: ActivityTypes.WATCHING }])
      assert.equal((await got)[2].activities?.[0]?.name, 'the scenario')
    },

    async voice() {
      // What @discordjs/voice is given by oceanic.js: what arrives for a voice connection, and the
      // shard that speaks for it.
      const server = awaited<string>('VOICE_SERVER_UPDATE', (resolve) => {
        bob.voiceAdapters.set(world.guildId, {
          onVoiceServerUpdate: (data: { endpoint?: string | null; token: string }) =>
            resolve(`${data.endpoint} ${data.token}`),
          onVoiceStateUpdate: () => {},
          destroy: () => {},
        })
      })
      const joined = heard(
        ada,
        'voiceChannelJoin',
        (member, channel) => member.id === world.bob.id && channel.id === world.voiceId,
      )
      bob.shards
        .get(0)!
        .updateVoiceState(world.guildId, world.voiceId, { selfDeaf: true, selfMute: false })
      await joined
      assert.match(await server, /^[\w.:]+ \S+$/)
      const state = ada.guilds.get(world.guildId)?.voiceStates.get(world.bob.id)
      assert.deepEqual(
        [state?.channelID, state?.selfDeaf, state?.selfMute],
        [world.voiceId, true, false],
      )
      const left = heard(ada, 'voiceChannelLeave', (member) => member.id === world.bob.id)
      bob.shards.get(0)!.updateVoiceState(world.guildId, null)
      await left
    },

    async reconnect() {
      const seen: string[] = []
      const remember = (message: Message): void => void seen.push(message.content)
      bob.on('messageCreate', remember)
      const back = [comesBack(ada), comesBack(bob)]
      const missed = await hand.ask('cut')
      const ways = await Promise.all(back)
      hand.note(`after a cut socket: ${ways.join(', ')}`)
      await sent('after the cut')
      assert.deepEqual(seen, world.resume ? [missed, 'after the cut'] : ['after the cut'])
      assert.deepEqual(ways, world.resume ? ['resumed', 'resumed'] : ['identified', 'identified'])
      bob.off('messageCreate', remember)
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
        'presenceUpdate',
        (_guild, member, presence) => member.id === world.bob.id && presence.status === 'idle',
      )
      await bob.editStatus('idle')
      await there
      const offline = heard(
        ada,
        'presenceUpdate',
        (_guild, member, presence) => member.id === world.bob.id && presence.status === 'offline',
      )
      bob.disconnect(false)
      await offline
      ada.disconnect(false)
    },
  }) satisfies Partial<Steps>
