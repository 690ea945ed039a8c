import { testDeadline } from '@threshold/conformance/ports'
import { Permission } from '@threshold/contract'
import type { Access } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import { VoiceOpcodes } from '../../src/voice/index.ts'
import { voiceClient } from './client.ts'
import {
  ADA,
  ALAN,
  admit,
  dataOf,
  eventually,
  GRACE,
  GUILD,
  identify,
  join,
  OTHER_CHANNEL,
  rawSocket,
  relay,
  setAccess,
  voice,
  withVoice,
} from './fixture.ts'

withVoice()

describe('a token that was issued before a change in the guild', () => {
  it.each([
    ['VIEW_CHANNEL was withdrawn', Permission.Connect | Permission.Speak],
    ['CONNECT was withdrawn', Permission.ViewChannel | Permission.Speak],
    ['the member was removed', { kind: 'found', members: new Map() }],
    ['the channel was deleted', { kind: 'unknown-channel' }],
    ['the guild was deleted', { kind: 'unknown-guild' }],
  ] satisfies [string, Access | bigint][])('is refused when %s', async (_change, remaining) => {
    const { token } = await admit({ userId: ADA })
    setAccess(remaining)
    const socket = await rawSocket([identify({ session_id: 's', token })])
    expect(await socket.code).toBe(4014)
    expect(socket.frames.map((frame) => frame.op)).not.toContain(VoiceOpcodes.Ready)
  })

  it('admits a member without SPEAK, and forwards none of their packets', async () => {
    const grace = await join(GRACE)
    setAccess(Permission.ViewChannel | Permission.Connect)
    const ada = await join(ADA)
    ada.speaking(1)
    await ada.sendPacket(Buffer.from('dropped'))
    await grace.sendPacket(Buffer.from('forwarded'))
    await eventually(() => expect(ada.received).toEqual(['forwarded']))
    expect(grace.received).toEqual([])
    expect(dataOf(grace, VoiceOpcodes.Speaking)).toEqual([])
  })
})

describe('a call', () => {
  it('forwards packets between its members, and not to another channel', async () => {
    const [ada, grace, alan] = [await join(ADA), await join(GRACE), await join(ALAN, OTHER_CHANNEL)]
    await ada.sendPacket(Buffer.from('one'))
    await grace.sendPacket(Buffer.from('two'))
    await eventually(() => expect([ada.received, grace.received]).toEqual([['two'], ['one']]))
    await alan.sendPacket(Buffer.from('alone'))
    await eventually(() => expect(relay.packets().forwarded).toBe(3))
    expect([ada.received, grace.received, alan.received]).toEqual([['two'], ['one'], []])
  })

  it('has one key of 32 bytes for its members, different from other calls', async () => {
    const [ada, grace, alan] = [await join(ADA), await join(GRACE), await join(ALAN, OTHER_CHANNEL)]
    expect(ada.secretKey).toHaveLength(32)
    expect(ada.secretKey.equals(grace.secretKey)).toBe(true)
    expect(ada.secretKey.equals(alan.secretKey)).toBe(false)
    expect(ada.mode).toBe('aead_aes256_gcm_rtpsize')
    expect(ada.discovered.address).toBe('127.0.0.1')
  })

  it('announces to the others when a member joins, speaks and leaves', async () => {
    const [ada, grace, alan] = [await join(ADA), await join(GRACE), await join(ALAN, OTHER_CHANNEL)]
    expect(dataOf(ada, VoiceOpcodes.ClientsConnect)).toEqual([{ user_ids: [GRACE] }])
    expect(dataOf(grace, VoiceOpcodes.ClientsConnect)).toEqual([{ user_ids: [ADA] }])
    grace.speaking(1)
    await eventually(() =>
      expect(dataOf(ada, VoiceOpcodes.Speaking)).toEqual([
        { speaking: 1, ssrc: grace.ssrc, user_id: GRACE },
      ]),
    )
    await grace[Symbol.asyncDispose]()
    await eventually(() =>
      expect(dataOf(ada, VoiceOpcodes.ClientDisconnect)).toEqual([{ user_id: GRACE }]),
    )
    expect(
      alan.frames.filter(
        (frame) => frame.op === VoiceOpcodes.Speaking || frame.op === VoiceOpcodes.ClientDisconnect,
      ),
    ).toEqual([])
  })

  it('announces a speaker with their own SSRC, whatever the frame claims', async () => {
    const ada = await join(ADA)
    const token = (await admit({ userId: GRACE })).token
    const grace = await rawSocket([identify({ user_id: GRACE, session_id: 's', token })])
    await eventually(() =>
      expect(grace.frames.map((frame) => frame.op)).toContain(VoiceOpcodes.Ready),
    )
    const { ssrc } = grace.frames.find((frame) => frame.op === VoiceOpcodes.Ready)!.d as {
      ssrc: number
    }
    grace.socket.send(JSON.stringify({ op: 5, d: { speaking: 1, delay: 0, ssrc: ada.ssrc } }))
    await eventually(() =>
      expect(dataOf(ada, VoiceOpcodes.Speaking)).toEqual([{ speaking: 1, ssrc, user_id: GRACE }]),
    )
  })

  it('closes the old socket of a member who moves with 4014, and sends nothing more to the old channel', async () => {
    const [ada, grace] = [await join(ADA), await join(GRACE)]
    const moved = await join(ADA, OTHER_CHANNEL)
    expect((await ada.closed).code).toBe(4014)
    await moved.sendPacket(Buffer.from('elsewhere'))
    await eventually(() => expect(relay.packets().forwarded).toBe(1))
    expect(grace.received).toEqual([])
    expect(dataOf(grace, VoiceOpcodes.ClientDisconnect)).toEqual([{ user_id: ADA }])
  })

  it('forwards no packets of a muted member and announces no speaking, also after they reconnect', async () => {
    const [ada, grace] = [await join(ADA), await join(GRACE)]
    await voice.setMuted(GUILD, ADA, true, testDeadline())
    await ada.sendPacket(Buffer.from('muted'))
    ada.speaking(1)
    await grace.sendPacket(Buffer.from('forwarded'))
    await eventually(() =>
      expect([ada.received, relay.packets().silenced]).toEqual([['forwarded'], 1]),
    )
    await voice.setMuted(GUILD, ADA, false, testDeadline())
    await ada.sendPacket(Buffer.from('again'))
    await eventually(() => expect(grace.received).toEqual(['again']))
    const { token, endpoint } = await admit({ userId: ALAN, muted: true })
    await using alan = await voiceClient({
      endpoint,
      token,
      guildId: GUILD,
      userId: ALAN,
      sessionId: 's',
    })
    await alan.sendPacket(Buffer.from('no permission'))
    await eventually(() => expect(relay.packets().silenced).toBe(2))
    expect(grace.received).toEqual(['again'])
    expect(dataOf(grace, VoiceOpcodes.Speaking)).toEqual([])
  })

  it('ends for a member who is dismissed, and invalidates their token', async () => {
    const ada = await join(ADA)
    const grace = await admit({ userId: GRACE })
    await voice.dismiss(GUILD, ADA, testDeadline())
    await voice.dismiss(GUILD, GRACE, testDeadline())
    await voice.dismiss(GUILD, GRACE, testDeadline())
    expect((await ada.closed).code).toBe(4014)
    expect(
      await (await rawSocket([identify({ user_id: GRACE, session_id: 's', token: grace.token })]))
        .code,
    ).toBe(4011)
  })

  it('lets a member whose socket broke join again after the gateway has admitted them', async () => {
    const ada = await join(ADA)
    const again = await join(ADA)
    expect((await ada.closed).code).toBe(4006)
    const grace = await join(GRACE)
    await again.sendPacket(Buffer.from('back'))
    await eventually(() => expect(grace.received).toEqual(['back']))
  })
})
