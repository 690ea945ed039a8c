import { describe, expect, it } from 'vitest'
import { checkHistory, type Rule } from '../src/check.ts'
import type { History, Received, ReceivedEvent, Session } from '../src/history.ts'

const OPEN = 'open'
const TOGGLED = 'toggled'
const SECRET = 'secret'

const message = (id: number, channel = OPEN): ReceivedEvent => ({
  kind: 'message',
  id: String(id),
  channel,
  content: `text ${id}`,
})
const guild: ReceivedEvent = { kind: 'guild', channels: [OPEN] }
const ready: ReceivedEvent = { kind: 'other', type: 'READY' }

const session = (
  client: string,
  events: readonly (ReceivedEvent & { atMs?: number })[],
  isOpen = true,
): Session => ({
  client,
  user: client,
  isOpen,
  received: [ready, guild, ...events].map((event, i): Received => ({ atMs: i, s: i + 1, event })),
})

const aStored = (id: string) => ({ id, content: `text ${id}` })

function seenAtEnd(received: readonly Received[]): string[] {
  const seen = new Set<string>()
  for (const { event } of received)
    if (event.kind === 'guild') for (const channel of event.channels) seen.add(channel)
    else if (event.kind === 'shown') seen.add(event.channel)
    else if (event.kind === 'hidden') seen.delete(event.channel)
  return [...seen]
}

/** All messages are acknowledged, and sent after every session has begun. */
function history(sessions: Session[], stored: Record<string, number[]>): History {
  const entries = Object.entries(stored).map(([id, list]) => [id, list.map(String)] as const)
  return {
    v: 1,
    sessions,
    acknowledged: entries.flatMap(([channel, ids]) =>
      ids.map((id) => ({ id, channel, sentAtMs: 1_000 })),
    ),
    stored: Object.fromEntries(entries.map(([channel, ids]) => [channel, ids.map(aStored)])),
    forbidden: { a: [SECRET], b: [SECRET] },
    // As the open sessions see it, if a test does not say otherwise.
    visible: Object.fromEntries(
      sessions.map((session) => [session.user, seenAtEnd(session.received)]),
    ),
    changing: [TOGGLED],
  }
}

const rulesOf = (checked: History): Rule[] => checkHistory(checked).map(({ rule }) => rule)

describe('the checker accepts', () => {
  it('sessions that received everything in one order', () => {
    const all = [1, 2, 3].map((id) => message(id))
    expect(
      checkHistory(history([session('a', all), session('b', all)], { [OPEN]: [1, 2, 3] })),
    ).toEqual([])
  })

  it('a hole across an IDENTIFY, if the history has it', () => {
    const before = session('a', [message(1)], false)
    const after = session('a', [message(3)])
    const complete = session('b', [message(1), message(2), message(3)])
    const checked = history([before, after, complete], { [OPEN]: [1, 2, 3] })
    const [one, two, three] = checked.acknowledged
    const acknowledged = [{ ...one!, sentAtMs: 0 }, { ...two!, sentAtMs: 0 }, three!]
    expect(checkHistory({ ...checked, acknowledged })).toEqual([])
  })

  it('a channel whose messages are missed while it is hidden', () => {
    const shown = { kind: 'shown', channel: TOGGLED } as const
    const hidden = { kind: 'hidden', channel: TOGGLED } as const
    const sometimes = session('a', [
      shown,
      message(1, TOGGLED),
      hidden,
      shown,
      message(3, TOGGLED),
      hidden,
    ])
    const always = session('b', [shown, ...[1, 2, 3].map((id) => message(id, TOGGLED))])
    const checked = history([sometimes, always], { [TOGGLED]: [1, 2, 3] })
    // Sent before the second time that the session sees the channel.
    const acknowledged = checked.acknowledged.map((sent, i) => ({ ...sent, sentAtMs: 2 + i }))
    expect(checkHistory({ ...checked, acknowledged })).toEqual([])
  })

  it('a channel whose messages were missed before GUILD_CREATE came again', () => {
    const again: ReceivedEvent = { kind: 'guild', channels: [OPEN, TOGGLED] }
    const sometimes = session('a', [again, message(1, TOGGLED), again, message(3, TOGGLED)])
    const always = session('b', [again, ...[1, 2, 3].map((id) => message(id, TOGGLED))])
    const checked = history([sometimes, always], { [TOGGLED]: [1, 2, 3] })
    const acknowledged = checked.acknowledged.map((sent, i) => ({ ...sent, sentAtMs: i }))
    expect(checkHistory({ ...checked, acknowledged })).toEqual([])
  })

  it('a message that was not acknowledged, and reached some of the sessions', () => {
    const checked = history([session('a', [message(1)], false), session('b', [])], { [OPEN]: [1] })
    expect(checkHistory({ ...checked, acknowledged: [] })).toEqual([])
  })
})

describe('the checker finds', () => {
  const all = [1, 2, 3].map((id) => message(id))
  const stored = { [OPEN]: [1, 2, 3] }

  it('a message that a session did not receive', () => {
    const [violation, ...others] = checkHistory(
      history([session('a', [message(1), message(3)]), session('b', all)], stored),
    )
    expect(others).toEqual([])
    expect(violation!.rule).toBe('lost')
    expect(violation!.text).toContain('a did not receive message 2 of open')
    expect(violation!.evidence).toContain('a at 3 ms, s=4: message 3 of open')
  })

  it('a message that a session of before an IDENTIFY did not receive', () => {
    const broken = session('a', [message(1), message(3)], false)
    expect(rulesOf(history([broken, session('b', all)], stored))).toEqual(['lost'])
  })

  it('the last message, which only one session received', () => {
    expect(rulesOf(history([session('a', all.slice(0, 2)), session('b', all)], stored))).toEqual([
      'lost',
    ])
  })

  it('an acknowledged message that is not stored', () => {
    const checked = history([session('a', all)], stored)
    const lost = {
      ...checked,
      acknowledged: [...checked.acknowledged, { id: '4', channel: OPEN, sentAtMs: 0 }],
    }
    expect(rulesOf(lost)).toEqual(['lost'])
  })

  it('a message that a client received twice, in one session or in two', () => {
    expect(rulesOf(history([session('a', [...all, message(2)])], stored))).toEqual(['duplicated'])
    const two = [session('a', all, false), session('a', [message(3)])]
    const checked = history(two, stored)
    const early = checked.acknowledged.map((sent) => ({ ...sent, sentAtMs: 0 }))
    expect(rulesOf({ ...checked, acknowledged: early })).toEqual(['duplicated'])
  })

  it('a retry that was stored again under another id', () => {
    const [violation, ...others] = checkHistory({
      ...history([session('a', all)], stored),
      stored: { [OPEN]: [...['1', '2', '3'].map(aStored), { id: '4', content: 'text 2' }] },
    })
    expect(others).toEqual([])
    expect(violation).toEqual({
      rule: 'duplicated',
      text: '“text 2” is stored 2 times in open, as 2 and 4',
      evidence: [],
    })
  })

  it('a message that was lost right after the session began, before an IDENTIFY', () => {
    const late = session('a', [message(2), message(3)], false)
    expect(rulesOf(history([late, session('b', all)], stored))).toEqual(['lost'])
  })

  it('messages that all sessions received in another order than they were sent', () => {
    const swapped = [message(2), message(1), message(3)]
    const [violation] = checkHistory(history([session('a', swapped)], stored))
    expect(violation!.rule).toBe('reordered')
    expect(violation!.evidence).toContain('the sender got an acknowledgement of 1 right before 2')
  })

  it('an order that a session contradicts after its channel was hidden', () => {
    const events = [
      { kind: 'shown', channel: TOGGLED },
      message(2, TOGGLED),
      { kind: 'hidden', channel: TOGGLED },
      { kind: 'shown', channel: TOGGLED },
      message(1, TOGGLED),
    ] as const
    const always = session('b', [events[0], message(1, TOGGLED), message(2, TOGGLED)])
    expect(rulesOf(history([session('a', events), always], { [TOGGLED]: [1, 2] }))).toEqual([
      'reordered',
    ])
  })

  it('a session that knows too many channels at the end, or too few', () => {
    const hidden = [{ kind: 'shown', channel: TOGGLED } as const, message(1, TOGGLED)]
    const checked = history([session('a', hidden)], { [TOGGLED]: [1] })
    expect(rulesOf({ ...checked, visible: { a: [] } })).toEqual(['unaware'])
    const nothing = history([session('a', [])], { [TOGGLED]: [] })
    expect(rulesOf({ ...nothing, visible: { a: [TOGGLED] } })).toEqual(['unaware'])
  })

  it('an event of a channel that the user may never see', () => {
    const update = { kind: 'other', type: 'CHANNEL_UPDATE', channel: SECRET } as const
    expect(rulesOf(history([session('a', [update])], {}))).toEqual(['leaked'])
  })

  it('messages that two sessions received in different orders', () => {
    const swapped = [message(2), message(1), message(3)]
    const [violation, ...others] = checkHistory(
      history([session('a', all), session('b', swapped)], stored),
    )
    expect(others).toEqual([])
    expect(violation).toEqual({
      rule: 'reordered',
      text: 'the messages of open have no order',
      evidence: ['b received 2 right before 1', 'a received 1 right before 2'].sort(),
    })
  })

  it('messages whose order only three sessions together contradict', () => {
    const sessions = [
      session('a', [message(1), message(2)], false),
      session('b', [message(2), message(3)], false),
      session('c', [message(3), message(1)], false),
    ]
    const [violation] = checkHistory({ ...history(sessions, stored), acknowledged: [] })
    expect(violation!.rule).toBe('reordered')
    expect(violation!.evidence).toHaveLength(3)
  })

  it('a message of another channel, or of none', () => {
    const misrouted = session(
      'a',
      [message(1), { kind: 'shown', channel: TOGGLED }, message(2, TOGGLED)],
      false,
    )
    expect(rulesOf(history([misrouted, session('b', all)], stored))).toEqual(['misrouted'])
    expect(rulesOf(history([session('a', [...all, message(9)])], stored))).toEqual(['misrouted'])
  })

  it('a sequence number that is skipped or repeated', () => {
    for (const wrong of [4, 2]) {
      const good = session('a', all)
      const received = good.received.map((each, i) => (i === 2 ? { ...each, s: wrong } : each))
      expect(rulesOf(history([{ ...good, received }], stored))).toEqual(['skipped'])
    }
  })

  it('a message before its channel is shown, or after it is hidden', () => {
    const late = session('a', [message(1, TOGGLED), { kind: 'shown', channel: TOGGLED }], false)
    expect(rulesOf(history([late], { [TOGGLED]: [1] }))).toEqual(['leaked'])
    const after = session(
      'a',
      [
        { kind: 'shown', channel: TOGGLED },
        { kind: 'hidden', channel: TOGGLED },
        message(1, TOGGLED),
      ],
      false,
    )
    expect(rulesOf(history([after], { [TOGGLED]: [1] }))).toEqual(['leaked'])
  })

  it('a channel that the user may never see', () => {
    const shown = session('a', [{ kind: 'shown', channel: SECRET }])
    expect(rulesOf(history([shown], {}))).toEqual(['leaked'])
  })
})
