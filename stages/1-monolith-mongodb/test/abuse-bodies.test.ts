import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { as, isProper, send } from './abuse/http.ts'
import { type AbusedStage, abusedStage, type World } from './abuse/world.ts'

let abused: AbusedStage
let world: World

beforeAll(async () => {
  abused = await abusedStage()
  world = await abused.world()
})
afterAll(async () => await abused?.[Symbol.asyncDispose]())

const messages = () => `/channels/${world.channel}/messages`
const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  world.ask('POST', messages(), body, headers)
const newest = async (limit = 1) =>
  JSON.parse((await world.ask('GET', `${messages()}?limit=${limit}`)).text)

describe('a body that is not what was asked for', () => {
  it('is refused with 413 and 40005 when it is too large, however it is sent', async () => {
    const large = JSON.stringify({ content: 'x'.repeat(300_000) })
    const zipped = gzipSync(JSON.stringify({ content: ' '.repeat(50_000_000) })) // 50 kB that would be 50 MB
    for (const answer of [
      await post(large),
      await post(zipped, { 'content-encoding': 'gzip' }),
      await send(abused.url, {
        method: 'POST',
        path: '/workshop/users',
        headers: { 'content-type': 'application/json', 'content-length': '300000' },
        body: '{'.padEnd(300_000),
      }),
    ]) {
      isProper(answer, 'an oversized body')
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([413, 40_005])
    }
  })

  it('is refused with 50109 when it is no JSON: cut off, no UTF-8, or nested without end', async () => {
    const bodies = {
      'cut off': '{"content":"x"',
      'two values': '{"content":"x"}{}',
      'a form': 'content=x',
      'no UTF-8': Buffer.from([...Buffer.from('{"content":"'), 0xff, 0xfe, ...Buffer.from('"}')]),
      'half a surrogate pair in UTF-8': Buffer.from([
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
    for (const [what, body] of Object.entries(bodies)) {
      const answer = await post(body)
      isProper(answer, what)
      expect([answer.status, JSON.parse(answer.text).code], what).toEqual([400, 50_109])
    }
  })

  it('is refused by its type when it says that it is no JSON, so that no foreign page can send one with a form', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      '',
    ]) {
      const answer = await post('{"content":"x"}', { 'content-type': type })
      isProper(answer, type)
      expect(answer.status, type).toBe(415)
    }
    // Discord takes files that way, so they are refused by name; nothing of such a body is read all
    // the same.
    const form = await post('{"content":"x"}', {
      'content-type': 'multipart/form-data; boundary=x',
    })
    expect([form.status, JSON.parse(form.text).errors.files._errors[0].code]).toEqual([
      400,
      'FIELD_UNSUPPORTED',
    ])
    for (const encoding of ['br', 'zstd', 'nonsense', 'gzip']) {
      const answer = await post('{"content":"x"}', { 'content-encoding': encoding })
      isProper(answer, encoding)
      expect(answer.status, encoding).toBeGreaterThanOrEqual(400)
    }
  })

  it('is refused field by field when its types are wrong, and never taken for an operator', async () => {
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
          `/guilds/${world.guild}`,
          { owner_id: operator, name: operator },
          ['owner_id', 'name'],
        ],
        [
          'PATCH',
          `/guilds/${world.guild}/members/@me`,
          { nick: operator, roles: operator },
          ['nick'],
        ],
        [
          'PUT',
          `/guilds/${world.guild}/members/${world.stranger}`,
          { access_token: operator },
          ['access_token'],
        ],
        [
          'PUT',
          `/channels/${world.channel}/permissions/${world.role}`,
          { type: 0, allow: operator },
          ['allow'],
        ],
      ]
      for (const [method, path, body, fields] of cases) {
        const answer = await world.ask(method, path, body)
        isProper(answer, { path, body })
        expect(
          [answer.status, JSON.parse(answer.text).code],
          `${path} ${JSON.stringify(body)}`,
        ).toEqual([400, 50_035])
        expect(Object.keys(JSON.parse(answer.text).errors)).toEqual(expect.arrayContaining(fields))
      }
    }
  })

  it('is refused in a query likewise: an operator there is a field of that name, and changes nothing', async () => {
    const whole = await newest(100)
    for (const query of [
      'limit[$gt]=0',
      'limit[]=5',
      'before[$ne]=1',
      '$where=sleep(1000)',
      '__proto__[limit]=1',
      'constructor[prototype][limit]=1',
    ]) {
      const answer = await world.ask('GET', `${messages()}?${encodeURI(query)}`)
      expect([answer.status, JSON.parse(answer.text)], query).toEqual([200, whole.slice(0, 50)])
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
      expect((await world.ask('GET', `${messages()}?${encodeURI(query)}`)).status, query).toBe(400)
    const search = await world.ask(
      'GET',
      `/guilds/${world.guild}/messages/search?content[$regex]=.*&author_id[$ne]=0`,
    )
    isProper(search, 'search with operators')
  })

  it('keeps what it may hold as it is, every character and the largest ids, and of an embed no key it does not know', async () => {
    const embed = {
      title: 't',
      $set: { $where: 1 },
      'a.b': { '': null },
      _bsontype: 'ObjectId',
      'z\u0000': 'x',
      constructor: { prototype: 1 },
      toJSON: 1,
    }
    const sent = await world.ask('POST', messages(), { content: 'embed', embeds: [embed] })
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
      expect((await world.ask('POST', messages(), { content })).status, content).toBe(200)
      expect((await newest())[0].content).toBe(content.trim())
    }
    for (const query of ['before', 'after', 'around']) {
      expect((await world.ask('GET', `${messages()}?${query}=9223372036854775807`)).status).toBe(
        200,
      )
      expect((await world.ask('GET', `${messages()}?${query}=9223372036854775808`)).status).toBe(
        400,
      )
      expect((await world.ask('GET', `${messages()}?${query}=${'9'.repeat(400)}`)).status).toBe(400)
    }
  })

  it('is refused when a text in it is half a surrogate pair, and so never changes on its way', async () => {
    for (const body of [
      '{"content":"a\\ud83d"}',
      '{"content":"x","nonce":"\\udc00"}',
      '{"embeds":[{"title":"\\ud800"}]}',
      '{"embeds":[{"fields":[{"name":"x","value":"\\ud800"}]}]}',
    ]) {
      const answer = await post(body)
      isProper(answer, body)
      expect(JSON.stringify(JSON.parse(answer.text).errors), body).toContain(
        'BASE_TYPE_BAD_UNICODE',
      )
    }
    // A name is taken as it comes; whatever becomes of it, nothing falls over.
    const named = await world.ask(
      'PATCH',
      `/guilds/${world.guild}/members/@me`,
      '{"nick":"a\\udc00"}',
    )
    expect(named.status, named.text).toBe(200)
    const mention = await world.ask('POST', messages(), { content: `<@${world.user}>` })
    isProper(mention, 'a mention of somebody with half a surrogate pair in their name')
  })

  it('pollutes no prototype', async () => {
    const polluting =
      '{"__proto__":{"content":"polluted","polluted":true},"constructor":{"prototype":{"polluted":true}}}'
    for (const [method, path] of [
      ['POST', messages()],
      ['PATCH', `/guilds/${world.guild}`],
      ['POST', `/guilds/${world.guild}/roles`],
      ['PATCH', `/guilds/${world.guild}/members/@me`],
    ] as const)
      isProper(await world.ask(method, path, polluting), path)
    expect((await post(polluting)).status).toBe(400) // an empty message, not a polluted one
    const nested = await post(
      '{"content":"x","embeds":[{"title":"t","__proto__":{"polluted":true}}]}',
    )
    expect(nested.text).not.toContain('polluted')
    expect((await as(abused.url, world.token)('GET', '/users/@me')).text).not.toContain('polluted')
  })
})
