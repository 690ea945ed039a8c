import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CLIENT_OPS, Intent, intentsAdmit, intentsAreValid, Op } from '../src/index.ts'

const everyIntent = Object.values(Intent).filter((bit): bit is Intent => typeof bit === 'number')
const all = everyIntent.reduce<number>((sum, bit) => sum | bit, 0)

describe('intents', () => {
  it('are valid in any combination of documented bits', () => {
    fc.assert(
      fc.property(fc.subarray(everyIntent), (some) =>
        intentsAreValid(some.reduce<number>((sum, bit) => sum | bit, 0)),
      ),
    )
  })

  it('are valid with the undocumented bit that libraries send', () =>
    expect(intentsAreValid(all | (1 << 17))).toBe(true))

  it.each([
    -1,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1 << 18,
    1 << 30,
    all | (1 << 19),
    2 ** 32,
    2 ** 32 + 1,
    2 ** 53,
    2 ** 60,
  ])('are invalid as %s', (intents) => expect(intentsAreValid(intents)).toBe(false))

  const guildEvents = [
    ['GUILD_CREATE', Intent.Guilds],
    ['GUILD_ROLE_UPDATE', Intent.Guilds],
    ['CHANNEL_DELETE', Intent.Guilds],
    ['GUILD_MEMBER_ADD', Intent.GuildMembers],
    ['VOICE_STATE_UPDATE', Intent.GuildVoiceStates],
    ['PRESENCE_UPDATE', Intent.GuildPresences],
    ['MESSAGE_CREATE', Intent.GuildMessages],
    ['MESSAGE_UPDATE', Intent.GuildMessages],
    ['MESSAGE_DELETE', Intent.GuildMessages],
    ['MESSAGE_DELETE_BULK', Intent.GuildMessages],
    ['MESSAGE_REACTION_ADD', Intent.GuildMessageReactions],
    ['TYPING_START', Intent.GuildMessageTyping],
  ] as const

  it.each(guildEvents)('admit %s in a guild by one intent only', (event, intent) => {
    expect(intentsAdmit(intent, event, true)).toBe(true)
    expect(intentsAdmit(all & ~intent, event, true)).toBe(false)
  })

  const directEvents = [
    ['MESSAGE_CREATE', Intent.DirectMessages],
    ['MESSAGE_DELETE', Intent.DirectMessages],
    ['MESSAGE_REACTION_REMOVE', Intent.DirectMessageReactions],
    ['TYPING_START', Intent.DirectMessageTyping],
  ] as const

  it.each(directEvents)('admit %s in a direct message by its own intent only', (event, intent) => {
    expect(intentsAdmit(intent, event, false)).toBe(true)
    expect(intentsAdmit(all & ~intent, event, false)).toBe(false)
  })

  it('do not filter events that every session needs', () => {
    for (const event of [
      'READY',
      'RESUMED',
      'GUILD_MEMBERS_CHUNK',
      'VOICE_SERVER_UPDATE',
      'USER_UPDATE',
    ]) {
      expect(intentsAdmit(0, event, true), event).toBe(true)
      expect(intentsAdmit(0, event, false), event).toBe(true)
    }
  })
})

describe('client opcodes', () => {
  it('contain the opcodes of a client and none of a server', () => {
    expect([...CLIENT_OPS].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 6, 8])
    for (const op of [Op.Dispatch, Op.Reconnect, Op.InvalidSession, Op.Hello, Op.HeartbeatAck])
      expect(CLIENT_OPS.has(op)).toBe(false)
  })
})
