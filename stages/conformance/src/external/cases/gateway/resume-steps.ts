import { Op } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { expectEqual, expectTrue } from '../../expect.ts'
import type { Fixture } from '../../fixture.ts'
import { expectContiguous, type Socket } from '../../socket.ts'
import type { TestGuild } from '../../test-guild.ts'
import { identify, type Session } from '../../test-user.ts'

export interface ResumePayload {
  readonly token: string
  readonly session_id: string
  readonly seq: number | null
}

export const resumePayload = (
  guild: TestGuild,
  { ready, socket }: Session,
  seq = socket.sequence,
): ResumePayload => ({ token: guild.member.token, session_id: ready.session_id, seq })

/** Opens a socket and sends RESUME on it. */
export async function sendResume(
  fixture: Fixture,
  payload: ResumePayload,
  url?: string,
): Promise<Socket> {
  const socket = await fixture.openSocket({
    label: 'back',
    resumes: true,
    ...(url === undefined ? {} : { url }),
  })
  await socket.nextFrame(Op.Hello)
  socket.send(Op.Resume, payload)
  return socket
}

/** Expects op 9 with `d:false`, and that IDENTIFY then works on the same, still open socket. */
export async function expectInvalidSession(socket: Socket, guild: TestGuild): Promise<void> {
  expectEqual(
    (await socket.nextFrame(Op.InvalidSession)).d,
    false,
    'op 9 says that the session cannot be resumed',
  )
  expectEqual(socket.received('RESUMED'), [], 'RESUMED events')
  await identify(socket, guild.member.token)
  await socket.nextEvent('GUILD_CREATE', (d) => d.id === guild.id)
  await guild.awaitDelivery(socket)
  expectContiguous(socket.frames)
}

/**
 * Sends the messages and waits until the owner has received the last one. The stage has then
 * published all of them to every session.
 */
export async function sendAll(
  guild: TestGuild,
  owner: Socket,
  contents: readonly string[],
): Promise<void> {
  for (const content of contents) await guild.send(content)
  await owner.waitFor(
    'the last message',
    () => owner.received('MESSAGE_CREATE', (d) => d.content === contents.at(-1)).length > 0,
  )
}

export const messageContents = (socket: Socket): string[] =>
  socket.received('MESSAGE_CREATE').map((d) => d.content)

/**
 * Expects that exactly the missed messages came before RESUMED, numbered on from `seq`, and that
 * the session then goes on.
 */
export async function expectReplay(
  guild: TestGuild,
  socket: Socket,
  seq: number,
  missed: readonly string[],
): Promise<void> {
  const resumed = await socket.nextEvent('RESUMED')
  expectTrue(
    typeof resumed === 'object' && resumed !== null && !Array.isArray(resumed),
    'RESUMED’s d is an object',
    resumed,
  )
  const at = socket.frames.findIndex((frame) => frame.t === 'RESUMED')
  const replayed = socket.frames.slice(0, at).filter((frame) => frame.t === 'MESSAGE_CREATE')
  expectEqual(
    replayed.map((frame) => (frame.d as { content: string }).content),
    missed,
    'the replayed messages, each once and in order',
  )
  expectEqual(socket.received('READY'), [], 'READY events')
  await guild.awaitDelivery(socket)
  expectContiguous(socket.frames, seq + 1)
}

interface Interruption {
  readonly guild: TestGuild
  readonly owner: Socket
  readonly session: Session
  /** The last sequence number that the session received. */
  readonly seq: number
}

/** A session that received some events before its connection ended as given. */
export async function interruptedSession(
  fixture: Fixture,
  end: (socket: Socket) => void = (socket) => socket.terminate(),
): Promise<Interruption> {
  const guild = await fixture.guild()
  const owner = await guild.owner.connect()
  const session = await guild.member.login()
  await guild.awaitDelivery(owner, session.socket)
  end(session.socket)
  await session.socket.waitForClose()
  // Read only now: a presence may still have arrived before the connection ended.
  return { guild, owner, session, seq: session.socket.sequence! }
}

/**
 * A case of RESUME. It runs as given on a stage with sessions, and checks that RESUME is refused on
 * a stage without.
 */
export const resumeCase = (
  id: string,
  title: string,
  covers: Case['covers'],
  run: (fixture: Fixture) => Promise<void>,
  end?: (socket: Socket) => void,
): Case => ({
  id: `gateway.resume.${id}`,
  title: `${title}; a stage without sessions refuses`,
  covers,
  async run(fixture) {
    if (fixture.supports('resume')) return run(fixture)
    const { guild, owner, session } = await interruptedSession(fixture, end)
    await sendAll(guild, owner, ['missed'])
    const socket = await sendResume(fixture, resumePayload(guild, session))
    await expectInvalidSession(socket, guild)
    expectEqual(
      messageContents(socket).includes('missed'),
      false,
      'whether the missed message was replayed',
    )
  },
})
