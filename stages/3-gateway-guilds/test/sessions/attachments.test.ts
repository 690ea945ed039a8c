import { aGuild } from '@threshold/conformance/ports'
import type { Delivery, UserDelivery } from '@threshold/ports'
import { expect, it } from 'vitest'
import { Attachments } from '../../src/sessions/attachments.ts'
import { wireListener } from '../../src/sessions/reattach.ts'
import type { LinkPayload } from '../../src/wire/link.ts'

const SESSIONS = 300

it('counts as begun for a new owner while its view waits, and gets each event once', async () => {
  const guild = aGuild()
  const { id } = guild.state.guild
  const failed: unknown[] = []
  const attachments = new Attachments(
    () => {},
    (error) => failed.push(error),
  )
  const received = new Map<string, Delivery[]>()
  const add = (sessionId: string) => {
    received.set(sessionId, [])
    return attachments.addToGuild(id, {
      userId: '1',
      sessionId,
      presence: { status: 'online', activities: [] },
      deliver: (delivery) => void received.get(sessionId)!.push(delivery),
    })
  }
  const at = (sequence: number) => ({ epoch: 1, sequence })
  const view = (sessionId: string, slot: number, sequence: number): LinkPayload => ({
    kind: 'view',
    guild: id,
    slot,
    sessionId,
    position: at(sequence),
    view: { voiceStates: [] } as never,
    members: [],
    presences: new Map(),
  })
  const event = (sequence: number): LinkPayload => ({
    kind: 'event',
    guild: id,
    slots: 'all',
    position: at(sequence),
    event: { v: 1, id: String(sequence), type: 'MESSAGE_CREATE' },
  })
  const body = Buffer.from('{}')

  for (let i = 0; i < SESSIONS; i++) {
    const { slot } = add(`early ${i}`)
    attachments.receive(view(`early ${i}`, slot, 1), body)
    await new Promise(setImmediate)
  }
  attachments.receive(event(2), body)
  const late = add('late')
  attachments.receive(view('late', late.slot, 2), body)
  attachments.receive(event(3), body)

  expect(received.get('late')).toEqual([])
  expect(wireListener(late).started).toBe(true)
  await attachments.delivered(id)
  expect(failed).toEqual([])
  const positions = (sessionId: string) =>
    received
      .get(sessionId)!
      .map((delivery) => [delivery.kind, 'position' in delivery && delivery.position.sequence])
  expect(positions('late')).toEqual([
    ['view', 2],
    ['event', 3],
  ])
  for (let i = 0; i < SESSIONS; i++)
    expect(positions(`early ${i}`)).toEqual([
      ['view', 1],
      ['event', 2],
      ['event', 3],
    ])
})

it('joins a guild again if the news that its user had left comes after it', async () => {
  const attachments = new Attachments(
    () => {},
    (error) => expect.unreachable(String(error)),
  )
  const received: (Delivery | UserDelivery)['kind'][] = []
  const deliver = ({ kind }: Delivery | UserDelivery): void => void received.push(kind)
  const session = { userId: '1', sessionId: 'session', deliver }
  const guild = '2'
  const presence = { status: 'online', activities: [] } as const
  const { slot } = attachments.addToGuild(guild, { ...session, presence })
  const user = attachments.addToUser(session)
  const position = { epoch: 1, sequence: 1 }
  const at = { sessionId: session.sessionId, slot }
  const receive = (payload: LinkPayload) => attachments.receive(payload, Buffer.from(''))
  const continued = { kind: 'continued', sessionId: session.sessionId, after: position } as const
  receive({ ...continued, guild, slot })
  receive({ ...continued, user: '1', slot: user.slot })
  receive({ kind: 'joined', user: '1', guild, position: { epoch: 1, sequence: 2 } })
  receive({ kind: 'left', guild, ...at })
  expect(received).toEqual(['joined', 'left', 'joined'])
})
