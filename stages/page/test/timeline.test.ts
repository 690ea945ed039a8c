import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

/** The page is plain JavaScript for the browser; here it meets a history that is an array. */
const { createTimeline } = await import('../src/browser/timeline.js' as string)

interface Message {
  id: string
  content: string
  nonce?: string
  author: { id: string }
}

const ME = '1'
const say = (n: number, content = `line ${n}`, author = '2', nonce?: string): Message => ({
  id: String(1_000_000 + n),
  content,
  author: { id: author },
  ...(nonce === undefined ? {} : { nonce }),
})

/** A channel as REST answers it: newest first, by limit, before and after. */
function channel(messages: Message[]) {
  return async ({
    limit,
    before,
    after,
  }: {
    limit: number
    before?: string
    after?: string
  }): Promise<Message[]> => {
    const inOrder = messages.toSorted((a, b) => Number(a.id) - Number(b.id))
    if (after !== undefined)
      return inOrder
        .filter(({ id }) => Number(id) > Number(after))
        .slice(0, limit)
        .reverse()
    return inOrder
      .filter(({ id }) => before === undefined || Number(id) < Number(before))
      .slice(-limit)
      .reverse()
  }
}

const open = async (messages: Message[]) => {
  const timeline = createTimeline({ page: channel(messages), me: ME, changed: () => {} })
  await timeline.open()
  return timeline
}
const shown = (timeline: { messages: Message[] }): string[] =>
  timeline.messages.map(({ content }) => content)
const lines = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`)
const history = (count: number): Message[] => Array.from({ length: count }, (_, i) => say(i + 1))

describe("the page's window on a channel", () => {
  it('is always a stretch of the history without gap or double, and never longer than its bound, however one scrolls', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1_500 }),
        fc.array(fc.constantFrom('older', 'newer', 'toEnd', 'arrives', 'leave', 'catchUp'), {
          maxLength: 60,
        }),
        async (count, steps) => {
          const stored = history(count)
          const timeline = await open(stored)
          for (const step of steps) {
            if (step === 'leave') timeline.following = false
            else if (step === 'arrives') {
              const message = say(stored.length + 1)
              stored.push(message)
              timeline.add(message)
            } else await timeline[step]()
            const numbers = timeline.messages.map(({ id }: Message) => Number(id) - 1_000_000)
            expect(numbers.length).toBeLessThanOrEqual(600)
            if (numbers.length > 0)
              expect(numbers).toEqual(
                lines(numbers[0], numbers.at(-1)).map((_, i) => numbers[0] + i),
              )
            expect(
              timeline.behind || numbers.length === 0 || numbers.at(-1) === stored.length,
            ).toBe(true)
            expect(!timeline.complete || numbers.length === 0 || numbers[0] === 1).toBe(true)
          }
        },
      ),
      { numRuns: 60 },
    ))

  it('walks up to the beginning and down to the end again', async () => {
    const timeline = await open(history(900))
    timeline.following = false
    while (!timeline.complete) await timeline.older()
    expect(shown(timeline)).toEqual(lines(1, 600))
    expect(timeline.behind).toBe(true)
    timeline.add(say(901)) // beyond the window
    expect(shown(timeline)).toEqual(lines(1, 600))
    while (timeline.behind) await timeline.newer()
    expect(shown(timeline)).toEqual(lines(301, 900))
  })

  it('catches up after a lost session: what was said, edited and deleted meanwhile, and how much of it is new', async () => {
    const stored = history(10)
    const timeline = await open(stored)
    stored.splice(3, 1)
    stored[0] = say(1, 'edited')
    stored.push(say(11), say(12, 'own', ME), say(13))
    await timeline.catchUp()
    expect(shown(timeline)).toEqual([
      'edited',
      'line 2',
      'line 3',
      ...lines(5, 11),
      'own',
      'line 13',
    ])
    expect(timeline.missed).toEqual({ from: say(11).id, count: 2, more: false })
  })

  it('starts over from the newest when too much was missed to close the gap', async () => {
    const stored = history(20)
    const timeline = await open(stored)
    for (let n = 21; n <= 800; n++) stored.push(say(n))
    await timeline.catchUp()
    expect(shown(timeline)).toEqual(lines(501, 800))
    expect(timeline.missed).toMatchObject({ count: 300, more: true })
  })

  it('shows an own send once, whether the event, the answer or the history tells of it first', async () => {
    for (const first of ['event', 'answer', 'history'] as const) {
      const stored = history(2)
      const timeline = await open(stored)
      timeline.sending('n1', 'own')
      const message = say(3, 'own', ME, 'n1')
      stored.push(message)
      if (first === 'history') {
        timeline.failed('n1', 'no answer came', true)
        await timeline.catchUp()
      } else timeline.add(message)
      timeline.add({ ...message })
      expect(shown(timeline)).toEqual(['line 1', 'line 2', 'own'])
      expect(timeline.pending).toEqual([])
    }
  })

  it('keeps what arrives while a page is on its way', async () => {
    const stored = history(3)
    const read = channel(stored)
    let arrive = (): void => {}
    const timeline = createTimeline({
      page: async (query: { limit: number }) => {
        const answer = await read(query)
        arrive()
        return answer
      },
      me: ME,
      changed: () => {},
    })
    arrive = () => {
      timeline.add(say(4))
      timeline.remove([say(2).id])
    }
    await timeline.open()
    expect(shown(timeline)).toEqual(['line 1', 'line 3', 'line 4'])
  })
})

describe('reactions of a message', () => {
  const emoji = (name: string) => ({ id: null, name })
  it('are counted, one emoji is cleared, and all of them are', async () => {
    const timeline = await open(history(1))
    const { id } = say(1)
    const counts = (): unknown[] =>
      timeline.messages[0].reactions.map(
        (r: { emoji: { name: string }; count: number; me: boolean }) => [
          r.emoji.name,
          r.count,
          r.me,
        ],
      )
    for (const [name, user] of [
      ['👍', ME],
      ['👍', '2'],
      ['🎉', '2'],
      ['🐳', '2'],
    ] as const)
      timeline.react(id, emoji(name), user, 1)
    expect(counts()).toEqual([
      ['👍', 2, true],
      ['🎉', 1, false],
      ['🐳', 1, false],
    ])
    timeline.clearReactions(id, emoji('👍'))
    expect(counts()).toEqual([
      ['🎉', 1, false],
      ['🐳', 1, false],
    ])
    timeline.clearReactions(id)
    expect(counts()).toEqual([])
  })
})
