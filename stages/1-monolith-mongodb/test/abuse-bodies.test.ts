import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, type StageUnderTest, startStageUnderTest } from './abuse/fixture.ts'
import { apiAs, expectValidAnswer, send } from './abuse/http.ts'

let underTest: StageUnderTest
let fixture: Fixture

beforeAll(async () => {
  underTest = await startStageUnderTest()
  fixture = await underTest.createFixture()
})
afterAll(async () => await underTest?.[Symbol.asyncDispose]())

const messages = () => `/channels/${fixture.channel}/messages`
const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fixture.call('POST', messages(), body, headers)
const newest = async (limit = 1) =>
  JSON.parse((await fixture.call('GET', `${messages()}?limit=${limit}`)).text)

describe('an invalid request body', () => {
  it('is refused with 413 and 40005 if it is too large, also compressed or by its Content-Length', async () => {
    const large = JSON.stringify({ content: 'x'.repeat(300_000) })
    const zipped = gzipSync(JSON.stringify({ content: ' '.repeat(50_000_000) })) // 50 kB that decompress to 50 MB
    for (const answer of [
      await post(large),
      await post(zipped, { 'content-encoding': 'gzip' }),
      await send(underTest.url, {
        method: 'POST',
        path: '/workshop/users',
        headers: { 'content-type': 'application/json', 'content-length': '300000' },
        body: '{'.padEnd(300_000),
      }),
    ]) {
      expectValidAnswer(answer, 'an oversized body')
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([413, 40_005])
    }
  })

  it('is refused with 50109 if it is not valid JSON: cut off, not UTF-8, or nested too deeply', async () => {
    const bodies = {
      'cut off': '{"content":"x"',
      'two values': '{"content":"x"}{}',
      'a form': 'content=x',
      'not UTF-8': Buffer.from([...Buffer.from('{"content":"'), 0xff, 0xfe, ...Buffer.from('"}')]),
      'a lone surrogate in UTF-8': Buffer.from([
        ...Buffer.from('{"content":"'),
        0xed,
        0xa0,
        0x80,
        ...Buffer.from('"}'),
      ]),
      'UTF-16': Buffer.from('{"content":"x"}', 'utf16le'),
      'deep arrays': `{"embeds":${'['.repeat(60_000)}${']'.repeat(60_000)}}`,
      'deep objects': `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
      'no end': '['.repeat(100_000),
      'a number without end': `{"nonce":${'9'.repeat(100)}e}`,
    }
    for (const [name, body] of Object.entries(bodies)) {
      const answer = await post(body)
      expectValidAnswer(answer, name)
      expect([answer.status, JSON.parse(answer.text).code], name).toEqual([400, 50_109])
    }
  })

  it('is refused with 415 if its type is not JSON, so that a form on a foreign page cannot send one', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      '',
    ]) {
      const answer = await post('{"content":"x"}', { 'content-type': type })
      expectValidAnswer(answer, type)
      expect(answer.status, type).toBe(415)
    }
    // Discord accepts files in multipart bodies. Here they are refused by name, and the body is not
    // read.
    const form = await post('{"content":"x"}', {
      'content-type': 'multipart/form-data; boundary=x',
    })
    expect([form.status, JSON.parse(form.text).errors.files._errors[0].code]).toEqual([
      400,
      'FIELD_UNSUPPORTED',
    ])
    for (const encoding of ['br', 'zstd', 'nonsense', 'gzip']) {
      const answer = await post('{"content":"x"}', { 'content-encoding': encoding })
      expectValidAnswer(answer, encoding)
      expect(answer.status, encoding).toBeGreaterThanOrEqual(400)
    }
  })

  it('is refused with an error for each field of a wrong type, and no value acts as an operator', async () => {
    const operators = [{ $gt: '' }, { $ne: null }, { $regex: '.*' }, [{ $gt: '' }], { '0': 'x' }]
    for (const operator of operators) {
      const cases: [method: string, path: string, body: object, fields: string[]][] = [
        ['POST', messages(), { content: operator }, ['content']],
        ['POST', messages(), { content: 'x', nonce: operator, enforce_nonce: true }, ['nonce']],
        [
          'POST',
          messages(),
          { content: 'x', message_reference: { message_id: operator } },
          ['message_reference'],
        ],
        ['POST', `${messages()}/bulk-delete`, { messages: [operator, operator] }, ['messages']],
        ['POST', '/users/@me/channels', { recipient_id: operator }, ['recipient_id']],
        [
          'PATCH',
          `/guilds/${fixture.guild}`,
          { owner_id: operator, name: operator },
          ['owner_id', 'name'],
        ],
        [
          'PATCH',
          `/guilds/${fixture.guild}/members/@me`,
          { nick: operator, roles: operator },
          ['nick'],
        ],
        [
          'PUT',
          `/guilds/${fixture.guild}/members/${fixture.stranger}`,
          { access_token: operator },
          ['access_token'],
        ],
        [
          'PUT',
          `/channels/${fixture.channel}/permissions/${fixture.role}`,
          { type: 0, allow: operator },
          ['allow'],
        ],
      ]
      for (const [method, path, body, fields] of cases) {
        const answer = await fixture.call(method, path, body)
        expectValidAnswer(answer, { path, body })
        expect(
          [answer.status, JSON.parse(answer.text).code],
          `${path} ${JSON.stringify(body)}`,
        ).toEqual([400, 50_035])
        expect(Object.keys(JSON.parse(answer.text).errors)).toEqual(expect.arrayContaining(fields))
      }
    }
  })

  it('has no operators in the query string either: a bracketed name is an unknown field', async () => {
    const all = await newest(100)
    for (const query of [
      'limit[$gt]=0',
      'limit[]=5',
      'before[$ne]=1',
      '$where=sleep(1000)',
      '__proto__[limit]=1',
      'constructor[prototype][limit]=1',
    ]) {
      const answer = await fixture.call('GET', `${messages()}?${encodeURI(query)}`)
      expect([answer.status, JSON.parse(answer.text)], query).toEqual([200, all.slice(0, 50)])
    }
    for (const query of [
      'limit=1&limit=2',
      'limit={"$gt":0}',
      'before={"$gt":""}',
      'around=1&around=2',
      'limit=0',
      'limit=101',
      'limit=1e1',
      'limit=%00',
      'before=-1',
    ])
      expect((await fixture.call('GET', `${messages()}?${encodeURI(query)}`)).status, query).toBe(
        400,
      )
    const search = await fixture.call(
      'GET',
      `/guilds/${fixture.guild}/messages/search?content[$regex]=.*&author_id[$ne]=0`,
    )
    expectValidAnswer(search, 'search with operators')
  })

  it('is stored unchanged if it is valid, and an embed loses its unknown keys', async () => {
    const embed = {
      title: 't',
      $set: { $where: 1 },
      'a.b': { '': null },
      _bsontype: 'ObjectId',
      'z\u0000': 'x',
      constructor: { prototype: 1 },
      toJSON: 1,
    }
    const sent = await fixture.call('POST', messages(), { content: 'embed', embeds: [embed] })
    expect(sent.status, sent.text).toBe(200)
    expect((await newest())[0].embeds).toEqual([{ title: 't', type: 'rich' }])
    for (const content of [
      '\u0000',
      'a\u0000b',
      '\u202Eright to left',
      '﷽'.repeat(100),
      '👩‍👩‍👧‍👦',
      `e${'\u0301'.repeat(1_500)}`,
      '\uFEFFx\uFFFF',
      '</script><!--',
      '$where',
    ]) {
      expect((await fixture.call('POST', messages(), { content })).status, content).toBe(200)
      expect((await newest())[0].content).toBe(content.trim())
    }
    for (const query of ['before', 'after', 'around']) {
      expect((await fixture.call('GET', `${messages()}?${query}=9223372036854775807`)).status).toBe(
        200,
      )
      expect((await fixture.call('GET', `${messages()}?${query}=9223372036854775808`)).status).toBe(
        400,
      )
      expect((await fixture.call('GET', `${messages()}?${query}=${'9'.repeat(400)}`)).status).toBe(
        400,
      )
    }
  })

  it('is refused if a text has a lone surrogate, which no encoding would preserve', async () => {
    for (const body of [
      '{"content":"a\\ud83d"}',
      '{"content":"x","nonce":"\\udc00"}',
      '{"embeds":[{"title":"\\ud800"}]}',
      '{"embeds":[{"fields":[{"name":"x","value":"\\ud800"}]}]}',
    ]) {
      const answer = await post(body)
      expectValidAnswer(answer, body)
      expect(JSON.stringify(JSON.parse(answer.text).errors), body).toContain(
        'BASE_TYPE_BAD_UNICODE',
      )
    }
    // Nicknames are not checked for it. The stage must cope with them.
    const named = await fixture.call(
      'PATCH',
      `/guilds/${fixture.guild}/members/@me`,
      '{"nick":"a\\udc00"}',
    )
    expect(named.status, named.text).toBe(200)
    const mention = await fixture.call('POST', messages(), { content: `<@${fixture.user}>` })
    expectValidAnswer(mention, 'a mention of a user whose nick has a lone surrogate')
  })

  it('does not pollute any prototype', async () => {
    const polluting =
      '{"__proto__":{"content":"polluted","polluted":true},"constructor":{"prototype":{"polluted":true}}}'
    for (const [method, path] of [
      ['POST', messages()],
      ['PATCH', `/guilds/${fixture.guild}`],
      ['POST', `/guilds/${fixture.guild}/roles`],
      ['PATCH', `/guilds/${fixture.guild}/members/@me`],
    ] as const)
      expectValidAnswer(await fixture.call(method, path, polluting), path)
    expect((await post(polluting)).status).toBe(400) // an empty message, not a polluted one
    const nested = await post(
      '{"content":"x","embeds":[{"title":"t","__proto__":{"polluted":true}}]}',
    )
    expect(nested.text).not.toContain('polluted')
    expect((await apiAs(underTest.url, fixture.token)('GET', '/users/@me')).text).not.toContain(
      'polluted',
    )
  })
})
