import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

/** Plain JavaScript for the browser, and so without types. Here its history is an array. */
const { createTimeline } = await import('../src/browser/timeline.js' as string)

interface Message {
  id: string
  content: string
  nonce?: string
  author: { id: string }
}

const ME = '1'
const message = (n: number, content = `line ${n}`, author = '2', nonce?: string): Message => ({
  id: String(1_000_000 + n),
  content,
  author: { id: author },
  ...(nonce === undefined ? {} : { nonce }),
})

/** Pages of a channel as REST returns them: newest first, by limit, before and after. */
function pagesOf(messages: Message[]) {
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
  const timeline = createTimeline({ page: pagesOf(messages), me: ME, changed: () => {} })
  await timeline.open()
  return timeline
}
const contents = (timeline: { messages: Message[] }): string[] =>
  timeline.messages.map(({ content }) => content)
const lines = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`)
const history = (count: number): Message[] =>
  Array.from({ length: count }, (_, i) => message(i + 1))

describe('a timeline', () => {
  it('is a part of the history without gaps and duplicates, of limited length, however the reader scrolls', () =>
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
              const sent = message(stored.length + 1)
              stored.push(sent)
              timeline.add(sent)
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

  it('loads pages up to the beginning, and down to the end again', async () => {
    const timeline = await open(history(900))
    timeline.following = false
    while (!timeline.complete) await timeline.older()
    expect(contents(timeline)).toEqual(lines(1, 600))
    expect(timeline.behind).toBe(true)
    timeline.add(message(901)) // beyond the window
    expect(contents(timeline)).toEqual(lines(1, 600))
    while (timeline.behind) await timeline.newer()
    expect(contents(timeline)).toEqual(lines(301, 900))
  })

  it('finds new, edited and deleted messages after a lost session, and counts the new ones', async () => {
    const stored = history(10)
    const timeline = await open(stored)
    stored.splice(3, 1)
    stored[0] = message(1, 'edited')
    stored.push(message(11), message(12, 'own', ME), message(13))
    await timeline.catchUp()
    expect(contents(timeline)).toEqual([
      'edited',
      'line 2',
      'line 3',
      ...lines(5, 11),
      'own',
      'line 13',
    ])
    expect(timeline.missed).toEqual({ from: message(11).id, count: 2, more: false })
  })

  it('starts over at the end if the gap is too long', async () => {
    const stored = history(20)
    const timeline = await open(stored)
    for (let n = 21; n <= 800; n++) stored.push(message(n))
    await timeline.catchUp()
    expect(contents(timeline)).toEqual(lines(501, 800))
    expect(timeline.missed).toMatchObject({ count: 300, more: true })
  })

  it('shows an own message once, whether the event, the answer or the history comes first', async () => {
    for (const first of ['event', 'answer', 'history'] as const) {
      const stored = history(2)
      const timeline = await open(stored)
      timeline.sending('n1', 'own')
      const sent = message(3, 'own', ME, 'n1')
      stored.push(sent)
      if (first === 'history') {
        timeline.failed('n1', 'no answer', true)
        await timeline.catchUp()
      } else timeline.add(sent)
      timeline.add({ ...sent })
      expect(contents(timeline)).toEqual(['line 1', 'line 2', 'own'])
      expect(timeline.pending).toEqual([])
    }
  })

  it('keeps events that arrive while a page loads', async () => {
    const stored = history(3)
    const read = pagesOf(stored)
    let onPage = (): void => {}
    const timeline = createTimeline({
      page: async (query: { limit: number }) => {
        const result = await read(query)
        onPage()
        return result
      },
      me: ME,
      changed: () => {},
    })
    onPage = () => {
      timeline.add(message(4))
      timeline.remove([message(2).id])
    }
    await timeline.open()
    expect(contents(timeline)).toEqual(['line 1', 'line 3', 'line 4'])
  })
})

describe('reactions of a message', () => {
  const emoji = (name: string) => ({ id: null, name })
  it('are counted, and cleared for one emoji or for all', async () => {
    const timeline = await open(history(1))
    const { id } = message(1)
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
