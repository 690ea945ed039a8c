import { CloseCode, Op } from '@threshold/contract'
import { type Case, NotRunnable } from '../../case.ts'
import { expectEqual, expectTrue } from '../../expect.ts'
import type { Fixture } from '../../fixture.ts'
import { expectContiguous, type Socket } from '../../socket.ts'
import type { TestGuild } from '../../test-guild.ts'
import { identify, type Session } from '../../test-user.ts'

interface Ticket {
  readonly token: string
  readonly session_id: string
  readonly seq: number | null
}

const ticketOf = (guild: TestGuild, { ready, socket }: Session, seq = socket.sequence): Ticket => ({
  token: guild.member.token,
  session_id: ready.session_id,
  seq,
})

/** A socket on which RESUME was sent. */
async function resumed(fixture: Fixture, ticket: Ticket, url?: string): Promise<Socket> {
  const socket = await fixture.openSocket({
    who: 'back',
    resumes: true,
    ...(url === undefined ? {} : { url }),
  })
  await socket.nextFrame(Op.Hello)
  socket.send(Op.Resume, ticket)
  return socket
}

/** Op 9 with `d:false`; then the same socket, still open, takes IDENTIFY. */
async function refused(socket: Socket, guild: TestGuild): Promise<void> {
  expectEqual(
    (await socket.nextFrame(Op.InvalidSession)).d,
    false,
    'op 9 says that the session cannot be resumed',
  )
  expectEqual(socket.received('RESUMED'), [], 'RESUMED')
  await identify(socket, guild.member.token)
  await socket.nextEvent('GUILD_CREATE', (d) => d.id === guild.id)
  await guild.awaitDelivery(socket)
  expectContiguous(socket.frames)
}

/**
 * Says so many things and waits until the owner has heard them, so that they are in the past for
 * everybody.
 */
async function say(guild: TestGuild, owner: Socket, contents: readonly string[]): Promise<void> {
  for (const content of contents) await guild.send(content)
  await owner.waitFor(
    'all of them',
    () => owner.received('MESSAGE_CREATE', (d) => d.content === contents.at(-1)).length > 0,
  )
}

const texts = (socket: Socket): string[] => socket.received('MESSAGE_CREATE').map((d) => d.content)

/**
 * After RESUMED: exactly these messages came before it, numbered on from `seq`; and the session
 * goes on.
 */
async function replayed(
  guild: TestGuild,
  socket: Socket,
  seq: number,
  missed: readonly string[],
): Promise<void> {
  const done = await socket.nextEvent('RESUMED')
  expectTrue(
    typeof done === 'object' && done !== null && !Array.isArray(done),
    'RESUMED’s d is an object',
    done,
  )
  const at = socket.frames.findIndex((frame) => frame.t === 'RESUMED')
  const before = socket.frames.slice(0, at).filter((frame) => frame.t === 'MESSAGE_CREATE')
  expectEqual(
    before.map((frame) => (frame.d as { content: string }).content),
    missed,
    'what was replayed, once and in order',
  )
  expectEqual(socket.received('READY'), [], 'READY')
  await guild.awaitDelivery(socket)
  expectContiguous(socket.frames, seq + 1)
}

interface Cut {
  readonly guild: TestGuild
  readonly owner: Socket
  readonly session: Session
  readonly seq: number
}

/** A session that heard something; then its connection ends in this way. */
async function interrupted(
  fixture: Fixture,
  end: (socket: Socket) => void = (socket) => socket.terminate(),
): Promise<Cut> {
  const guild = await fixture.guild()
  const owner = await guild.owner.connect()
  const session = await guild.member.login()
  await guild.awaitDelivery(owner, session.socket)
  end(session.socket)
  await session.socket.waitForClose()
  // Only now: until the end, a presence may still have come.
  return { guild, owner, session, seq: session.socket.sequence! }
}

/**
 * What a stage with sessions does, and what one without: there every RESUME is refused, and that is
 * seen here too.
 */
const resumable = (
  id: string,
  sentence: string,
  run: (fixture: Fixture) => Promise<void>,
  end?: (socket: Socket) => void,
): Case => ({
  id: `gateway.resume.${id}`,
  title: `${sentence}; a stage without sessions refuses`,
  async run(fixture) {
    if (fixture.supports('resume')) return run(fixture)
    const { guild, owner, session } = await interrupted(fixture, end)
    await say(guild, owner, ['missed'])
    const socket = await resumed(fixture, ticketOf(guild, session))
    await refused(socket, guild)
    expectEqual(texts(socket).includes('missed'), false, 'whether what was missed came')
  },
})

const survives = (id: string, how: string, end: (socket: Socket) => void): Case =>
  resumable(
    `survives.${id}`,
    `A session outlives a connection that ends with ${how}`,
    async (fixture) => {
      const { guild, owner, session, seq } = await interrupted(fixture, end)
      await say(guild, owner, ['missed'])
      await replayed(guild, await resumed(fixture, ticketOf(guild, session)), seq, ['missed'])
    },
    end,
  )

export const resumeCases: readonly Case[] = [
  resumable(
    'replay',
    'RESUME replays exactly what was missed, once, in order, then RESUMED',
    async (fixture) => {
      const { guild, owner, session, seq } = await interrupted(fixture)
      const missed = Array.from({ length: 20 }, (_, i) => `missed ${i}`)
      await say(guild, owner, missed)
      await replayed(
        guild,
        await resumed(fixture, ticketOf(guild, session), session.ready.resume_gateway_url),
        seq,
        missed,
      )
    },
  ),
  resumable(
    'nothing-missed',
    'RESUME without anything missed is RESUMED at once',
    async (fixture) => {
      const { guild, session, seq } = await interrupted(fixture)
      await replayed(guild, await resumed(fixture, ticketOf(guild, session)), seq, [])
    },
  ),
  resumable('earlier', 'RESUME from an earlier number replays from there', async (fixture) => {
    const { guild, owner, session } = await interrupted(fixture)
    await say(guild, owner, ['missed'])
    // Before the last message, and not before the last event: a presence may have come after it.
    const before = session.socket.frames.findLast(({ t }) => t === 'MESSAGE_CREATE')!.s! - 1
    await replayed(guild, await resumed(fixture, ticketOf(guild, session, before)), before, [
      'that is all',
      'missed',
    ])
  }),
  resumable('again', 'A session is resumed as often as its connection breaks', async (fixture) => {
    const { guild, owner, session, seq } = await interrupted(fixture)
    let last = seq
    for (const content of ['first', 'second', 'third']) {
      await say(guild, owner, [content])
      const socket = await resumed(fixture, ticketOf(guild, session, last))
      await replayed(guild, socket, last, [content])
      last = socket.sequence!
      socket.terminate()
    }
  }),
  resumable(
    'while-busy',
    'Nothing is lost or doubled when RESUME comes in the middle of a conversation',
    async (fixture) => {
      const { guild, session, seq } = await interrupted(fixture)
      const said = Array.from({ length: 60 }, (_, i) => `word ${i}`)
      const talking = (async () => {
        for (const content of said) await guild.send(content)
      })()
      const socket = await resumed(fixture, ticketOf(guild, session))
      await socket.nextEvent('RESUMED')
      await talking
      await guild.awaitDelivery(socket)
      expectEqual(texts(socket).slice(0, -1), said, 'what was heard')
      expectContiguous(socket.frames, seq + 1)
    },
  ),
  survives('cut', 'a cut cable', (socket) => socket.terminate()),
  survives('1012', '1012', (socket) => socket.close(1_012)),
  survives('4000', '4000', (socket) => socket.close(4_000)),
  survives('4200', '4200', (socket) => socket.close(4_200)),
  survives('no-code', 'no code', (socket) => socket.close()),
  ...[1_000, 1_001].map(
    (code): Case => ({
      id: `gateway.resume.ended.${code}`,
      title: `A close with ${code} ends the session: op 9 \`d:false\`, and IDENTIFY on the same socket works`,
      async run(fixture) {
        const { guild, session } = await interrupted(fixture, (socket) => socket.close(code))
        await refused(await resumed(fixture, ticketOf(guild, session)), guild)
      },
    }),
  ),
  {
    id: 'gateway.resume.unknown',
    title:
      'An unknown session gets op 9 `d:false`, the socket stays open, and IDENTIFY on it works',
    async run(fixture) {
      const guild = await fixture.guild()
      for (const session_id of ['nonsense', '0'.repeat(32), ''])
        await refused(
          await resumed(fixture, { token: guild.member.token, session_id, seq: 1 }),
          guild,
        )
    },
  },
  {
    id: 'gateway.resume.foreign',
    title: 'Another user’s session gets op 9 `d:false`, and stays that user’s',
    async run(fixture) {
      const { guild, session, seq } = await interrupted(fixture)
      const owners: Ticket = { ...ticketOf(guild, session), token: guild.owner.token }
      const socket = await resumed(fixture, owners)
      expectEqual(
        (await socket.nextFrame(Op.InvalidSession)).d,
        false,
        'op 9 says that the session cannot be resumed',
      )
      expectEqual(
        (await identify(socket, guild.owner.token)).user.id,
        guild.owner.id,
        'whose session IDENTIFY begins',
      )
      const back = await resumed(fixture, ticketOf(guild, session))
      if (fixture.supports('resume')) await replayed(guild, back, seq, [])
      else await refused(back, guild)
    },
  },
  resumable(
    'expired',
    'A session that was abandoned for too long gets op 9 `d:false`',
    async (fixture) => {
      const { sessionMs } = fixture.target
      if (sessionMs === undefined || sessionMs > 15_000)
        throw new NotRunnable(
          'needs a stage whose sessions expire within 15 s, and to be told how soon',
        )
      const { guild, session } = await interrupted(fixture)
      // The one thing in this suite that only time can bring about.
      await new Promise((resolve) => setTimeout(resolve, sessionMs * 1.5))
      await refused(await resumed(fixture, ticketOf(guild, session)), guild)
    },
  ),
  {
    id: 'gateway.resume.bad-seq',
    title:
      'A number that the session never reached closes with 4007; a stage without sessions refuses',
    async run(fixture) {
      const { guild, session, seq } = await interrupted(fixture)
      const socket = await resumed(fixture, ticketOf(guild, session, seq + 1_000))
      if (fixture.supports('resume'))
        expectEqual((await socket.waitForClose()).code, CloseCode.InvalidSeq, 'the close code')
      else await refused(socket, guild)
    },
  },
  {
    id: 'gateway.resume.negative-seq',
    title: 'A number that is none closes, with 4007 or 4002',
    async run(fixture) {
      const { guild, session } = await interrupted(fixture)
      const { code } = await (await resumed(fixture, ticketOf(guild, session, -1))).waitForClose()
      expectTrue(
        code === CloseCode.InvalidSeq || code === CloseCode.DecodeError,
        'the close code',
        code,
      )
    },
  },
  {
    id: 'gateway.resume.form',
    title: 'RESUME with a form that is none closes with 4002',
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
