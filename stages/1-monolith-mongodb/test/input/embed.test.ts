import { formErrors } from '@threshold/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messageInput } from '../../src/input/index.ts'

const parse = (embed: unknown): unknown =>
  messageInput.createMessage.parse({ embeds: [embed] }).embeds
const refusal = (embed: unknown): string => {
  const { error } = messageInput.createMessage.safeParse({ embeds: [embed] })
  return error ? JSON.stringify(formErrors(error)) : 'taken'
}
const ADDRESS = 'https://example.org/a.png'

describe('an embed', () => {
  it('keeps every documented field and drops others', () => {
    const documented = {
      title: 't',
      description: 'd',
      url: ADDRESS,
      timestamp: '2026-01-02T03:04:05.678000+00:00',
      color: 0xffffff,
      footer: { text: 'f', icon_url: ADDRESS },
      image: { url: ADDRESS },
      thumbnail: { url: 'attachment://a.png' },
      author: { name: 'a', url: ADDRESS, icon_url: ADDRESS },
      fields: [{ name: 'n', value: 'v', inline: true }],
    }
    const proxied = { ...documented.image, proxy_url: ADDRESS, width: 1, height: 1 }
    const more = { type: 'video', flags: 0, provider: { name: 'x' }, video: {}, $set: 1 }
    expect(parse({ ...documented, ...more, image: proxied })).toEqual([documented])
  })

  it('accepts nulls, a missing `inline`, and removed footers and pictures', () => {
    const nothing = {
      url: null,
      color: null,
      timestamp: null,
      author: null,
      image: { url: null },
      footer: { icon_url: ADDRESS },
      fields: [],
    }
    expect(parse({ title: 't', description: '', thumbnail: {}, ...nothing })).toEqual([
      { title: 't' },
    ])
    expect(parse({ fields: [{ name: 'n', value: '\u200B' }] })).toEqual([
      { fields: [{ name: 'n', value: '\u200B', inline: false }] },
    ])
  })

  it.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000+00:00'],
    ['2026-01-02T03:04:05.678901+02:00', '2026-01-02T01:04:05.678000+00:00'],
    ['2026-01-02T03:04:05.1', '2026-01-02T03:04:05.100000+00:00'],
  ])('reads the time %s as Discord writes it', (timestamp, written) =>
    expect(parse({ title: 't', timestamp })).toEqual([{ title: 't', timestamp: written }]),
  )

  it.each<[string, object]>([
    ['STRING_TYPE_CONVERT', { title: 7 }],
    ['BASE_TYPE_MAX_LENGTH', { title: 'x'.repeat(257) }],
    ['BASE_TYPE_MAX_LENGTH', { description: 'x'.repeat(4_097) }],
    ['NUMBER_TYPE_MAX', { title: 't', color: 0x1000000 }],
    ['NUMBER_TYPE_MIN', { title: 't', color: -1 }],
    ['INT_TYPE_CONVERT', { title: 't', color: 1.5 }],
    ['NUMBER_TYPE_CONVERT', { title: 't', color: '#fff' }],
    ['URL_TYPE_INVALID_URL', { title: 't', url: 'javascript:alert(1)' }],
    ['URL_TYPE_INVALID_URL', { title: 't', url: 'attachment://a.png' }],
    ['URL_TYPE_INVALID_URL', { image: { url: '' } }],
    ['DATE_TIME_TYPE_PARSE', { title: 't', timestamp: 'yesterday' }],
    ['DATE_TIME_TYPE_PARSE', { title: 't', timestamp: '9999-12-31T23:59:59-12:00' }],
    ['BASE_TYPE_REQUIRED', { author: { name: ' ' } }],
    ['BASE_TYPE_REQUIRED', { author: { icon_url: ADDRESS } }],
    ['BASE_TYPE_REQUIRED', { fields: [{ name: 'n' }] }],
    ['BASE_TYPE_MAX_LENGTH', { fields: [{ name: 'n', value: 'x'.repeat(1_025) }] }],
    [
      'BASE_TYPE_MAX_LENGTH',
      { fields: Array.from({ length: 26 }, () => ({ name: 'n', value: 'v' })) },
    ],
    ['OBJECT_TYPE_CONVERT', { footer: 'f' }],
  ])('is refused with %s: %j', (code, embed) => expect(refusal(embed)).toContain(code))

  it('is dropped if it is invisible', () => {
    for (const empty of [
      {},
      { color: 1 },
      { title: ' ' },
      { url: ADDRESS, timestamp: '2026-01-02T03:04:05Z' },
      { odd: 1 },
    ]) {
      expect(parse(empty), JSON.stringify(empty)).toEqual([])
      expect(messageInput.editMessage.parse({ embed: empty })).toEqual({ embed: null })
    }
  })

  it('shares 6,000 characters with the other embeds of its message', () => {
    const [half, most] = [
      { description: 'x'.repeat(2_990), author: { name: '12345' }, footer: { text: '12345' } },
      'MAX_EMBED_SIZE_EXCEEDED',
    ]
    const send = (list: unknown[]) => messageInput.createMessage.safeParse({ embeds: list })
    expect(send([half, half]).success).toBe(true)
    const { error } = send([half, half, { title: 'x' }])
    expect(formErrors(error!)).toMatchObject({ embeds: { _errors: [{ code: most }] } })
    const fields = Array.from({ length: 5 }, () => ({ name: 'n', value: 'x'.repeat(1_024) }))
    expect(
      JSON.stringify(
        formErrors(messageInput.editMessage.safeParse({ embed: { ...half, fields } }).error!),
      ),
    ).toContain(most)
  })

  it('is unchanged when it is sent again as stored', () => {
    const texts = fc.option(fc.string({ maxLength: 40 }))
    const inline = fc.option(fc.boolean())
    const field = fc.record(
      { name: fc.string({ minLength: 1 }), value: fc.string({ minLength: 1 }), inline },
      { requiredKeys: ['name', 'value'] },
    )
    const timestamp = fc.option(
      fc
        .date({ min: new Date('1000-01-01'), max: new Date('9000-01-01'), noInvalidDate: true })
        .map((d) => d.toISOString()),
    )
    const embed = fc.record(
      {
        title: texts,
        description: texts,
        timestamp,
        footer: fc.record({ text: texts }),
        fields: fc.array(field, { maxLength: 3 }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(embed, (one) => {
        const first = messageInput.createMessage.safeParse({ embeds: [one] })
        if (first.success)
          expect(messageInput.createMessage.parse({ embeds: first.data.embeds }).embeds).toEqual(
            first.data.embeds,
          )
      }),
    )
  })
})
