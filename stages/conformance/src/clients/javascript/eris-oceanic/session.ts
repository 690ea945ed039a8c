import assert from 'node:assert/strict'
import { type Steps, waitFor } from '../harness.ts'
import { type Clients, nextEvent } from './clients.ts'
import type { Client, Message } from './dialect.ts'

/** oceanic.js is also "ready" when it has resumed, so the id of the session tells. */
async function reconnection(client: Client): Promise<'resumed' | 'identified'> {
  const before = client.shards.get(0)?.sessionID
  await Promise.race([nextEvent(client, 'shardResume'), nextEvent(client, 'shardReady')])
  return client.shards.get(0)?.sessionID === before ? 'resumed' : 'identified'
}

/** Login, presence, voice and reconnects. */
export const session = ({
  dialect,
  harness,
  setup,
  ada,
  bob,
  guildOf,
  available,
  sendAndReceive,
}: Clients) => {
  /** Ada's next presence event that shows Bob with this status. */
  const bobIs = (status: string) =>
    nextEvent<unknown[]>(ada, 'presenceUpdate', (...args) => {
      const presence = dialect.presenceOf(args)
      return presence.userId === setup.bob.id && presence.status === status
    })
  return {
    async login() {
      const ready = [nextEvent(ada, 'ready'), nextEvent(bob, 'ready')]
      await Promise.all([ada.connect(), bob.connect()])
      await Promise.all(ready)
      await available(ada)
      assert.equal(ada.user.id, setup.ada.id)
      assert.equal(bob.user.username, setup.bob.username)
      if (dialect.applicationId) assert.equal(dialect.applicationId(ada), setup.ada.id)
    },

    async presence() {
      const event = bobIs('dnd')
      await dialect.setStatus(bob, 'dnd', 'the scenario')
      assert.equal(dialect.presenceOf(await event).activity, 'the scenario')
    },

    async voice() {
      const server = waitFor<string>('VOICE_SERVER_UPDATE', (resolve) =>
        dialect.voiceServer(bob, guildOf(bob), resolve),
      )
      const isBob = ({ id }: { id: string }) => id === setup.bob.id
      const joined = nextEvent<[{ id: string }, { id: string }]>(
        ada,
        'voiceChannelJoin',
        (member, channel) => isBob(member) && channel.id === setup.voiceId,
      )
      dialect.moveVoice(bob, guildOf(bob), setup.voiceId)
      await joined
      assert.match(await server, /^[\w.:]+ \S+$/)
      assert.deepEqual(dialect.voiceState(ada, guildOf(ada), setup.bob.id), [
        setup.voiceId,
        true,
        false,
      ])
      const left = nextEvent<[{ id: string }]>(ada, 'voiceChannelLeave', isBob)
      dialect.moveVoice(bob, guildOf(bob), null)
      await left
    },

    async reconnect() {
      const received: string[] = []
      const record = (message: unknown): void => void received.push((message as Message).content)
      bob.on('messageCreate', record)
      const reconnections = [reconnection(ada), reconnection(bob)]
      const missed = await harness.request('cut')
      const kinds = await Promise.all(reconnections)
      harness.note(`after a cut socket: ${kinds.join(', ')}`)
      await available(ada, bob)
      await sendAndReceive('after the cut')
      assert.deepEqual(received, setup.resume ? [missed, 'after the cut'] : ['after the cut'])
      assert.deepEqual(kinds, setup.resume ? ['resumed', 'resumed'] : ['identified', 'identified'])
      bob.off('messageCreate', record)
    },

    async zombie() {
      const reconnections = [reconnection(ada), reconnection(bob)]
      await harness.request('stall')
      harness.note(`after a silent server: ${(await Promise.all(reconnections)).join(', ')}`)
      await available(ada, bob)
      await sendAndReceive('after the silence')
    },

    async close() {
      // Ada must see Bob idle first: the server may skip a presence that reverts at once.
      const idle = bobIs('idle')
      await dialect.setStatus(bob, 'idle')
      await idle
      const offline = bobIs('offline')
      dialect.disconnect(bob)
      await offline
      dialect.disconnect(ada)
    },
  } satisfies Partial<Steps>
}
