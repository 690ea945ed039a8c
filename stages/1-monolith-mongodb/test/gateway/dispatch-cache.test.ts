import { Intent } from '@threshold/contract'
import type { HubEvent } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import { typescriptEventEncoder } from '../../src/adapters/event-encoder.typescript.ts'
import { createDispatchCache } from '../../src/gateway/dispatch-cache.ts'

const data = { id: '1', content: 'a secret', embeds: [], attachments: [], components: [] }
const WITHOUT_CONTENT = { userId: '2', intents: Intent.GuildMessages }
const WITH_CONTENT = { userId: '3', intents: Intent.GuildMessages | Intent.MessageContent }

/** An event that came from another process as bytes. */
function encodedEvent(): { event: HubEvent; decoded(): number } {
  let decoded = 0
  const json = Buffer.from(JSON.stringify(data))
  const event = {
    v: 1,
    id: '1',
    type: 'MESSAGE_CREATE',
    json,
    get data() {
      decoded += 1
      return JSON.parse(json.toString()) as object
    },
  } as const
  return { event, decoded: () => decoded }
}

describe('an event that came encoded', () => {
  it('is the same for sessions as one that did not, and is decoded only to remove content', () => {
    const cache = createDispatchCache(typescriptEventEncoder())
    const { event, decoded } = encodedEvent()
    const plain: HubEvent = { v: 1, id: '1', type: 'MESSAGE_CREATE', data }
    const frames = (of: HubEvent, recipient: typeof WITH_CONTENT) =>
      Buffer.from(cache.get(of, true, recipient)!.json(7)).toString()
    expect(frames(event, WITH_CONTENT)).toBe(frames(plain, WITH_CONTENT))
    expect(frames(event, WITH_CONTENT)).toContain('a secret')
    const before = decoded()
    expect(frames(event, WITH_CONTENT)).toContain('a secret')
    expect(decoded()).toBe(before)
    expect(frames(event, WITHOUT_CONTENT)).toBe(frames(plain, WITHOUT_CONTENT))
    expect(frames(event, WITHOUT_CONTENT)).not.toContain('a secret')
    expect(decoded()).toBeGreaterThan(before)
  })

  it('is not decoded for sessions that receive all of it', () => {
    const cache = createDispatchCache(typescriptEventEncoder())
    const { event, decoded } = encodedEvent()
    for (const userId of ['4', '5']) cache.get(event, true, { ...WITH_CONTENT, userId })
    expect(decoded()).toBe(0)
  })
})
