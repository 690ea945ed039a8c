import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { expectContiguous, type Socket } from '../../socket.ts'
import { DELIVERY_MARKER } from '../../test-guild.ts'
import {
  expectInvalidSession,
  expectReplay,
  interruptedSession,
  messageContents,
  resumeCase,
  resumePayload,
  sendAll,
  sendResume,
} from './resume-steps.ts'

const survives = (
  id: string,
  how: string,
  end: (socket: Socket) => void,
  covers: Case['covers'] = ['sessions.closes'],
): Case =>
  resumeCase(
    `survives.${id}`,
    `A session outlives a connection that ends with ${how}`,
    covers,
    async (fixture) => {
      const { guild, owner, session, seq } = await interruptedSession(fixture, end)
      await sendAll(guild, owner, ['missed'])
      const socket = await sendResume(fixture, resumePayload(guild, session))
      await expectReplay(guild, socket, seq, ['missed'])
    },
    end,
  )

const endedBy = (code: number): Case => ({
  id: `gateway.resume.ended.${code}`,
  title: `A close with ${code} ends the session: RESUME gets op 9 \`d:false\`, and IDENTIFY works`,
  covers: ['sessions.closes'],
  async run(fixture) {
    const { guild, session } = await interruptedSession(fixture, (socket) => socket.close(code))
    await expectInvalidSession(await sendResume(fixture, resumePayload(guild, session)), guild)
  },
})

export const resumeCases: readonly Case[] = [
  resumeCase(
    'replay',
    'RESUME replays the missed events exactly once and in order, then RESUMED',
    [
      'gateway.opcodes',
      'gateway.events.resumed',
      'sessions.replay',
      'sessions.none',
      'bites.fields',
    ],
    async (fixture) => {
      const { guild, owner, session, seq } = await interruptedSession(fixture)
      const missed = Array.from({ length: 20 }, (_, i) => `missed ${i}`)
      await sendAll(guild, owner, missed)
      const url = session.ready.resume_gateway_url
      const socket = await sendResume(fixture, resumePayload(guild, session), url)
      await expectReplay(guild, socket, seq, missed)
    },
  ),
  resumeCase(
    'nothing-missed',
    'RESUME is answered RESUMED at once if the session missed nothing',
    ['gateway.events.resumed', 'sessions.replay', 'sessions.none'],
    async (fixture) => {
      const { guild, session, seq } = await interruptedSession(fixture)
      const socket = await sendResume(fixture, resumePayload(guild, session))
      await expectReplay(guild, socket, seq, [])
    },
  ),
  resumeCase(
    'earlier',
    'RESUME from an earlier sequence number replays from there',
    ['sessions.replay'],
    async (fixture) => {
      const { guild, owner, session } = await interruptedSession(fixture)
      await sendAll(guild, owner, ['missed'])
      // Before the last message, not the last event: a presence may have come after the message.
      const before = session.socket.frames.findLast(({ t }) => t === 'MESSAGE_CREATE')!.s! - 1
      const socket = await sendResume(fixture, resumePayload(guild, session, before))
      await expectReplay(guild, socket, before, [DELIVERY_MARKER, 'missed'])
    },
  ),
  resumeCase(
    'again',
    'A session can be resumed each time its connection breaks',
    ['sessions.replay'],
    async (fixture) => {
      const { guild, owner, session, seq } = await interruptedSession(fixture)
      let last = seq
      for (const content of ['first', 'second', 'third']) {
        await sendAll(guild, owner, [content])
        const socket = await sendResume(fixture, resumePayload(guild, session, last))
        await expectReplay(guild, socket, last, [content])
        last = socket.sequence!
        socket.terminate()
      }
    },
  ),
  resumeCase(
    'while-busy',
    'RESUME loses and duplicates nothing while messages keep arriving',
    ['sessions.replay'],
    async (fixture) => {
      const { guild, session, seq } = await interruptedSession(fixture)
      const contents = Array.from({ length: 60 }, (_, i) => `word ${i}`)
      const sending = (async () => {
        for (const content of contents) await guild.send(content)
      })()
      const socket = await sendResume(fixture, resumePayload(guild, session))
      await socket.nextEvent('RESUMED')
      await sending
      await guild.awaitDelivery(socket)
      expectEqual(messageContents(socket).slice(0, -1), contents, 'the received messages')
      expectContiguous(socket.frames, seq + 1)
    },
  ),
  survives('cut', 'a cut cable', (socket) => socket.terminate()),
  survives('1012', '1012', (socket) => socket.close(1_012), ['sessions.closes', 'bites.closes']),
  survives('4000', '4000', (socket) => socket.close(4_000)),
  survives('4200', '4200', (socket) => socket.close(4_200), ['sessions.closes', 'bites.closes']),
  survives('no-code', 'no code', (socket) => socket.close()),
  endedBy(1_000),
  endedBy(1_001),
]
