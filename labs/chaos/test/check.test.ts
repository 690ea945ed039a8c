import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkHistory, type Rule } from '../src/check.ts'
import type { History, Received, ReceivedEvent, Session } from '../src/history.ts'
import { findCycle, MessageOrder } from '../src/order.ts'

const OPEN = 'open'
const TOGGLED = 'toggled'
const SECRET = 'secret'

const message = (id: number, channel = OPEN): ReceivedEvent => ({
  kind: 'message',
  id: String(id),
  channel,
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

/** All messages are acknowledged, and sent after every session has begun. */
function history(sessions: Session[], stored: Record<string, number[]>): History {
  const entries = Object.entries(stored).map(([id, list]) => [id, list.map(String)] as const)
  return {
    v: 1,
    sessions,
    acknowledged: entries.flatMap(([channel, ids]) =>
      ids.map((id) => ({ id, channel, sentAtMs: 1_000 })),
    ),
    stored: Object.fromEntries(entries),
    forbidden: { a: [SECRET], b: [SECRET] },
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
    expect(checkHistory(history([sometimes, always], { [TOGGLED]: [1, 2, 3] }))).toEqual([])
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
    expect(rulesOf(history([session('a', [...all, message(2)])], stored))).toEqual(['doubled'])
    const two = [session('a', all, false), session('a', [message(3)])]
    const checked = history(two, stored)
    const early = checked.acknowledged.map((sent) => ({ ...sent, sentAtMs: 0 }))
    expect(rulesOf({ ...checked, acknowledged: early })).toEqual(['doubled'])
  })

  it('a message that is stored twice', () => {
    const twice = {
      ...history([session('a', all)], stored),
      stored: { [OPEN]: ['1', '2', '2', '3'] },
    }
    expect(rulesOf(twice)).toEqual(['doubled'])
  })

  it('messages that two sessions received in different orders', () => {
    const swapped = [message(2), message(1), message(3)]
    const [violation, ...others] = checkHistory(
      history([session('a', all), session('b', swapped)], stored),
    )
    expect(others).toEqual([])
    expect(violation).toEqual({
      rule: 'disordered',
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
    expect(violation!.rule).toBe('disordered')
    expect(violation!.evidence).toHaveLength(3)
  })

  it('a message of another channel, or of none', () => {
    const strayed = session(
      'a',
      [message(1), { kind: 'shown', channel: TOGGLED }, message(2, TOGGLED)],
      false,
    )
    expect(rulesOf(history([strayed, session('b', all)], stored))).toEqual(['strayed'])
    expect(rulesOf(history([session('a', [...all, message(9)])], stored))).toEqual(['strayed'])
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

describe('a message order', () => {
  it('has a cycle exactly if no total order contains all sequences', () => {
    const sequence = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 6 })
    fc.assert(
      fc.property(fc.array(sequence, { maxLength: 4 }), (sequences) => {
        const order = new MessageOrder(sequences.map((each) => each.map(String)))
        const fits = (permutation: number[]): boolean =>
          sequences.every((each) =>
            each.every(
              (id, i) => i === 0 || permutation.indexOf(each[i - 1]!) < permutation.indexOf(id),
            ),
          )
        const cycle = findCycle(order)
        expect(cycle === undefined).toBe(permutations([0, 1, 2, 3, 4, 5]).some(fits))
        for (const [i, id] of (cycle ?? []).entries())
          expect(order.next.get(id)).toContain(cycle![(i + 1) % cycle!.length])
      }),
    )
  })
})

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  )
}
