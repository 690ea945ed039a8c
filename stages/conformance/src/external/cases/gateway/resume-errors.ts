import { CloseCode, Op } from '@threshold/contract'
import { type Case, NotRunnable } from '../../case.ts'
import { expectEqual, expectTrue } from '../../expect.ts'
import { identify } from '../../test-user.ts'
import {
  expectInvalidSession,
  expectReplay,
  interruptedSession,
  type ResumePayload,
  resumeCase,
  resumePayload,
  sendResume,
} from './resume-steps.ts'

export const resumeErrorCases: readonly Case[] = [
  {
    id: 'gateway.resume.unknown',
    title: 'RESUME of an unknown session gets op 9 `d:false`, and IDENTIFY on the socket works',
    covers: ['gateway.opcodes', 'sessions.refused'],
    async run(fixture) {
      const guild = await fixture.guild()
      for (const session_id of ['nonsense', '0'.repeat(32), '']) {
        const payload = { token: guild.member.token, session_id, seq: 1 }
        await expectInvalidSession(await sendResume(fixture, payload), guild)
      }
    },
  },
  {
    id: 'gateway.resume.foreign',
    title: 'RESUME of another user’s session gets op 9 `d:false`, and the session is unharmed',
    covers: ['sessions.refused'],
    async run(fixture) {
      const { guild, session, seq } = await interruptedSession(fixture)
      const stolen: ResumePayload = { ...resumePayload(guild, session), token: guild.owner.token }
      const socket = await sendResume(fixture, stolen)
      expectEqual(
        (await socket.nextFrame(Op.InvalidSession)).d,
        false,
        'op 9 says that the session cannot be resumed',
      )
      const { user } = await identify(socket, guild.owner.token)
      expectEqual(user.id, guild.owner.id, 'the user of the new session')
      const back = await sendResume(fixture, resumePayload(guild, session))
      if (fixture.supports('resume')) await expectReplay(guild, back, seq, [])
      else await expectInvalidSession(back, guild)
    },
  },
  resumeCase(
    'expired',
    'RESUME of an expired session gets op 9 `d:false`',
    ['sessions.refused', 'sessions.none'],
    async (fixture) => {
      const { sessionMs } = fixture.target
      if (sessionMs === undefined || sessionMs > 20_000)
        throw new NotRunnable('needs a stage whose sessions expire within 20 s (--session-ms MS)')
      const { guild, session } = await interruptedSession(fixture)
      // The only fixed sleep of the suite: nothing but time expires a session.
      await new Promise((resolve) => setTimeout(resolve, sessionMs * 1.5))
      await expectInvalidSession(await sendResume(fixture, resumePayload(guild, session)), guild)
    },
  ),
  {
    id: 'gateway.resume.bad-seq',
    title:
      'RESUME with a sequence number that was never sent closes with 4007; ' +
      'a stage without sessions refuses',
    covers: ['gateway.close.4007', 'sessions.none'],
    async run(fixture) {
      const { guild, session, seq } = await interruptedSession(fixture)
      const socket = await sendResume(fixture, resumePayload(guild, session, seq + 1_000))
      if (fixture.supports('resume'))
        expectEqual((await socket.waitForClose()).code, CloseCode.InvalidSeq, 'the close code')
      else await expectInvalidSession(socket, guild)
    },
  },
  {
    id: 'gateway.resume.negative-seq',
    title: 'RESUME with a negative sequence number closes with 4007 or 4002',
    covers: ['gateway.close.4007'],
    async run(fixture) {
      const { guild, session } = await interruptedSession(fixture)
      const socket = await sendResume(fixture, resumePayload(guild, session, -1))
      const { code } = await socket.waitForClose()
      expectTrue(
        code === CloseCode.InvalidSeq || code === CloseCode.DecodeError,
        'the close code',
        code,
      )
    },
  },
  {
    id: 'gateway.resume.form',
    title: 'RESUME with missing or mistyped fields closes with 4002',
    covers: ['gateway.close.4002'],
    async run(fixture) {
      const guild = await fixture.guild()
      for (const d of [
        {},
        null,
        { token: guild.member.token },
        { token: guild.member.token, session_id: { $gt: '' }, seq: 1 },
      ]) {
        const socket = await fixture.openSocket()
        await socket.nextFrame(Op.Hello)
        socket.send(Op.Resume, d)
        expectEqual((await socket.waitForClose()).code, CloseCode.DecodeError, 'the close code')
      }
    },
  },
]
