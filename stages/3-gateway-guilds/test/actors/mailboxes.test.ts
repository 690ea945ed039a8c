import { describe, expect, it } from 'vitest'
import { Mailboxes } from '../../src/actors/mailboxes.ts'

describe('the mailboxes of a partition', () => {
  it('refuse what a guild cannot take, but never an attachment', () => {
    const mailboxes = new Mailboxes({ now: () => 1 })
    const requests = Array.from({ length: 1_024 }, () => mailboxes.enter('1', 'execute'))
    expect(() => mailboxes.enter('1', 'publish')).toThrow(
      expect.objectContaining({ code: 'UNAVAILABLE', retryAfterMs: 1_000 }),
    )
    mailboxes.enter('2', 'publish')[Symbol.dispose]()
    mailboxes.enter('1', 'attach')[Symbol.dispose]()
    requests[0]![Symbol.dispose]()
    mailboxes.enter('1', 'publish')[Symbol.dispose]()
  })

  it('drop typing above five events a second in a channel, and no other event', () => {
    let now = 1
    const mailboxes = new Mailboxes({ now: () => now })
    const event = (type: string, channelId: string) =>
      ({ v: 1, id: '1', type, data: {}, channelId }) as const
    const dropped = (type: string, channelId: string) =>
      Array.from({ length: 8 }, () => mailboxes.isSuperfluous(event(type, channelId))).filter(
        Boolean,
      ).length
    expect(dropped('TYPING_START', '1')).toBe(3)
    expect(dropped('TYPING_START', '2')).toBe(3)
    expect(dropped('MESSAGE_CREATE', '1')).toBe(0)
    now = 2_000
    expect(dropped('TYPING_START', '1')).toBe(3)
  })
})
