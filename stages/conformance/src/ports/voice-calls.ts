import { once } from 'node:events'
import type { Admission, VoiceCalls, VoiceServerInfo } from '@threshold/ports'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { newId, testDeadline } from './fixtures.ts'
import { type Open, portSuite } from './suite.ts'

const READY = 2

const anAdmission = (fields: Partial<Admission> = {}): Admission => ({
  guildId: newId(),
  channelId: newId(),
  userId: newId(),
  sessionId: newId(),
  ...fields,
})

/** Identifies on the voice socket. `outcome`: `ready`, or the code that the server closes with. */
async function identify({ guildId, userId, sessionId }: Admission, info: VoiceServerInfo) {
  const socket = new WebSocket(`ws://${info.endpoint}/?v=8`)
  socket.on('error', () => {})
  onTestFinished(() => socket.terminate())
  const closed = once(socket, 'close').then(([code]) => code as number)
  const ready = new Promise<'ready'>((resolve) => {
    socket.on('message', (data) => {
      if ((JSON.parse(String(data)) as { op: number }).op === READY) resolve('ready')
    })
  })
  const d = { server_id: guildId, user_id: userId, session_id: sessionId, token: info.token }
  socket.once('open', () => socket.send(JSON.stringify({ op: 0, d })))
  return { outcome: await Promise.race([ready, closed]), closed }
}

/**
 * The contract of every VoiceCalls, as a client sees it on the voice socket. The server must regard
 * every user as a member who may enter every channel.
 */
export function testVoiceCalls(name: string, open: Open<VoiceCalls>): void {
  portSuite(`${name} as voice calls`, open, (calls) => {
    const admit = (admission: Admission) => calls().admit(admission, testDeadline())

    describe('an admission', () => {
      it('lets its user and session identify, once', async () => {
        const ada = anAdmission()
        const info = await admit(ada)
        expect(await identify({ ...ada, userId: newId() }, info)).toMatchObject({ outcome: 4004 })
        expect(await identify({ ...ada, sessionId: newId() }, info)).toMatchObject({
          outcome: 4006,
        })
        expect(await identify(ada, info)).toMatchObject({ outcome: 'ready' })
        expect(await identify(ada, info)).toMatchObject({ outcome: 4004 })
      })

      it('again, to the same channel, gives another token and keeps the connection', async () => {
        const ada = anAdmission()
        const first = await identify(ada, await admit(ada))
        const info = await admit(ada)
        expect(await Promise.race([first.closed, Promise.resolve('open')])).toBe('open')
        expect(await identify(ada, info)).toMatchObject({ outcome: 'ready' })
        expect(await first.closed).toBe(4006)
      })

      it('to another channel of the guild ends the call in the first one', async () => {
        const ada = anAdmission()
        const first = await identify(ada, await admit(ada))
        const moved = { ...ada, channelId: newId() }
        const info = await admit(moved)
        expect(await first.closed).toBe(4014)
        expect(await identify(moved, info)).toMatchObject({ outcome: 'ready' })
      })

      it('in another guild leaves the first call alone', async () => {
        const ada = anAdmission()
        const first = await identify(ada, await admit(ada))
        const elsewhere = anAdmission({ userId: ada.userId })
        expect(await identify(elsewhere, await admit(elsewhere))).toMatchObject({
          outcome: 'ready',
        })
        await calls().dismiss(elsewhere.guildId, ada.userId, testDeadline())
        expect(await Promise.race([first.closed, Promise.resolve('open')])).toBe('open')
      })
    })

    describe('a dismissal', () => {
      it('ends the call, and may be repeated', async () => {
        const ada = anAdmission()
        const { closed } = await identify(ada, await admit(ada))
        for (let i = 0; i < 2; i++) await calls().dismiss(ada.guildId, ada.userId, testDeadline())
        expect(await closed).toBe(4014)
      })

      it('takes back a token that is not used yet', async () => {
        const [ada, bob] = [anAdmission(), anAdmission()]
        await admit({ ...bob, guildId: ada.guildId })
        const info = await admit(ada)
        await calls().dismiss(ada.guildId, ada.userId, testDeadline())
        expect(await identify(ada, info)).toMatchObject({ outcome: 4004 })
      })

      it('after an admission wins, also if nobody waits for the admission', async () => {
        const ada = anAdmission()
        const admitted = admit(ada)
        const dismissed = calls().dismiss(ada.guildId, ada.userId, testDeadline())
        const [info] = await Promise.all([admitted, dismissed])
        const { outcome } = await identify(ada, info)
        expect([4004, 4011]).toContain(outcome)
      })
    })

    it('mutes nobody who has no place', async () => {
      await expect(calls().setMuted(newId(), newId(), true, testDeadline())).resolves.not.toThrow()
    })
  })
}
