import type { APIMessage, APIUser } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { holds, id, includes, isId, same } from '../../expect.ts'
import { bare, EMPTY, invalid, MALFORMED, NOT_FOUND, refusedWith, UNAUTHORIZED } from '../../rest.ts'

const DISCORD_EPOCH = 1_420_070_400_000n
const prefixed = (prefix: string): Case => ({
  id: `rest.prefix.${prefix === '/api' ? 'none' : prefix.slice(5)}`,
  sentence: `The API answers under ${prefix}`,
  async run(world) {
    const ada = await world.user()
    const me = await ada.api.ask<APIUser>('GET', '/users/@me', undefined, { prefix })
    same(me.id, ada.id, 'who I am')
    refusedWith(await ada.api.call('GET', '/nowhere', undefined, { prefix }), NOT_FOUND, 'an unknown route')
  },
})

/** What holds for every request: where, who, and in which form. */
export const transportCases: readonly Case[] = [
  prefixed('/api/v10'),
  prefixed('/api/v9'),
  prefixed('/api'),
  {
    id: 'rest.auth.bot',
    sentence: '`Authorization: Bot TOKEN` says who asks',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      includes(await ada.api.get('/users/@me'), { id: ada.id, username: ada.username }, 'ada')
      includes(await bob.api.get('/users/@me'), { id: bob.id, username: bob.username }, 'bob')
    },
  },
  {
    id: 'rest.auth.missing',
    sentence: 'Without a token every route of the API answers 401 with code 0',
    async run(world) {
      const guild = await world.guild()
      const routes = ['/users/@me', '/users/@me/guilds', '/gateway/bot', `/guilds/${guild.id}`, `/channels/${guild.text}/messages`]
      for (const route of routes) await world.anonymous.refused(UNAUTHORIZED, 'GET', route)
      await world.anonymous.refused(UNAUTHORIZED, 'POST', `/channels/${guild.text}/messages`, { content: 'who am I' })
    },
  },
  {
    id: 'rest.auth.foreign',
    sentence: 'A token that the stage did not give out is 401, whatever it looks like',
    async run(world) {
      const ada = await world.user()
      const bob = await world.user('bob')
      const [head, ...rest] = ada.token.split('.')
      const forged = [
        'Bot ',
        'Bot nonsense',
        `Bot ${ada.token}x`,
        `Bot ${ada.token.slice(0, -2)}`,
        `Bot ${bob.token.split('.')[0]}.${rest.join('.')}`,
        `Bot ${head}..`,
        `Basic ${ada.token}`,
        `Bot ${'A'.repeat(5_000)}`,
      ]
      for (const authorization of forged) await world.api('forger', authorization).refused(UNAUTHORIZED, 'GET', '/users/@me')
    },
  },
  {
    id: 'rest.unknown-route',
    sentence: 'An unknown route is 404 with code 0',
    async run(world) {
      const ada = await world.user()
      for (const path of ['/', '/nowhere', '/users', '/guilds/1/nowhere', '/channels/1/messages/2/reactions'])
        await ada.api.refused(NOT_FOUND, 'GET', path)
      await ada.api.refused(NOT_FOUND, 'GET', '/users/@me', undefined, { prefix: '/api/v3' })
    },
  },
  {
    id: 'rest.content-type',
    sentence: 'Every answer with a body is exactly `application/json`, without a charset',
    async run(world) {
      const guild = await world.guild()
      const { api } = guild.owner
      const messages = `/channels/${guild.text}/messages`
      const answers = [
        await api.call('GET', '/users/@me'),
        await api.call('POST', messages, { content: 'hi' }),
        await api.call('POST', `/guilds/${guild.id}/channels`, { name: 'more' }),
        await api.call('GET', messages),
        await api.call('POST', messages, {}),
        await api.call('POST', messages, undefined, { raw: '{' }),
        await api.call('GET', '/channels/1'),
        await api.call('GET', '/nowhere'),
        await world.anonymous.call('GET', '/users/@me'),
        await world.anonymous.call('GET', '/gateway'),
        await guild.member.api.call('DELETE', `/guilds/${guild.id}`),
      ]
      for (const answer of answers)
        same(answer.headers.get('content-type'), 'application/json', `content type of a ${answer.status} (${answer.text.slice(0, 80)})`)
    },
  },
  {
    id: 'rest.json.malformed',
    sentence: 'A body that is no JSON is 400 with code 50109',
    async run(world) {
      const guild = await world.guild()
      const bodies = [
        '{',
        '{"content": "a"',
        "{'content': 'a'}",
        '{"content": "a"} x',
        '{"content": undefined}',
        'content=a',
        '{"content": "a",}',
      ]
      for (const raw of bodies) await guild.owner.api.refused(MALFORMED, 'POST', `/channels/${guild.text}/messages`, undefined, { raw })
      const latin1 = Uint8Array.from([0x7b, 0x22, 0x63, 0x22, 0x3a, 0x22, 0xe4, 0xff, 0x22, 0x7d])
      await guild.owner.api.refused(MALFORMED, 'POST', `/channels/${guild.text}/messages`, undefined, { raw: latin1 })
    },
  },
  {
    id: 'rest.json.not-a-form',
    sentence: 'JSON that is no form, or a field of the wrong type, is 400 with code 50035',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/messages`
      for (const body of [[], 'text', 7]) await guild.owner.api.refused(invalid(), 'POST', path, body)
      for (const content of [{ $gt: '' }, ['a'], true]) await guild.owner.api.refused(invalid('content'), 'POST', path, { content })
      await guild.owner.api.refused(invalid('recipient_id'), 'POST', '/users/@me/channels', { recipient_id: { $ne: null } })
      await guild.owner.api.refused(invalid('name'), 'POST', `/guilds/${guild.id}/channels`, { name: {} })
    },
  },
  {
    id: 'rest.json.charset',
    sentence: 'A request may name its charset, and text outside ASCII comes back as it was',
    async run(world) {
      const guild = await world.guild()
      const content = 'Ünïcödé 漢字 🜁 “ok”'
      const sent = await guild.owner.api.post<APIMessage>(
        `/channels/${guild.text}/messages`,
        { content },
        {
          headers: { 'content-type': 'application/json; charset=utf-8' },
        },
      )
      same(sent.content, content, 'the content')
      same((await guild.member.api.get<APIMessage>(`/channels/${guild.text}/messages/${sent.id}`)).content, content, 'the content, read')
    },
  },
  {
    id: 'rest.json.empty-body',
    sentence: 'A send without a body is an empty message, not malformed JSON',
    async run(world) {
      const guild = await world.guild()
      await guild.owner.api.refused(EMPTY, 'POST', `/channels/${guild.text}/messages`)
    },
  },
  {
    id: 'rest.ids.strings',
    sentence: 'Ids in answers are snowflakes in strings, and hold the time at which they were made',
    async run(world) {
      const before = BigInt(Date.now())
      const guild = await world.guild()
      const message = await guild.say('hello')
      await guild.member.api.put(`/channels/${guild.text}/messages/${message.id}/reactions/${encodeURIComponent('👍')}/@me`)
      const { api } = guild.owner
      const paths = [
        '/users/@me',
        '/users/@me/guilds',
        `/guilds/${guild.id}`,
        `/guilds/${guild.id}/channels`,
        `/guilds/${guild.id}/members?limit=10`,
      ]
      for (const path of [...paths, `/channels/${guild.text}`, `/channels/${guild.text}/messages`]) idsAreStrings(await api.get(path), path)
      for (const made of [guild.id, guild.text, message.id, guild.owner.id]) {
        const at = (BigInt(made) >> 22n) + DISCORD_EPOCH
        // A stage on another machine may have another clock; a minute is not what a wrong epoch would be off by.
        holds(at > before - 60_000n && at < BigInt(Date.now()) + 60_000n, `the id ${made} was made just now`, String(at))
      }
    },
  },
  {
    id: 'rest.ids.ordered',
    sentence: 'A later message has a larger id',
    async run(world) {
      const guild = await world.guild()
      let last = 0n
      for (let i = 0; i < 10; i++) {
        const next = BigInt((await guild.say(`message ${i}`)).id)
        holds(next > last, 'ids go up', { last, next })
        last = next
      }
    },
  },
  {
    id: 'rest.ids.bare-numbers',
    sentence: 'Ids sent as bare 64-bit numbers are taken without losing a digit',
    async run(world) {
      const guild = await world.guild()
      const { owner, member } = guild
      const bareIds = { bareIds: true }
      same(bare(`{"a":"${member.id}"}`), `{"a":${member.id}}`, 'ids are sent as numbers')
      const dm = await owner.api.post<{ recipients: APIUser[] }>('/users/@me/channels', { recipient_id: member.id }, bareIds)
      same(
        dm.recipients.map((user) => user.id),
        [member.id],
        'whom the direct message is with',
      )
      const role = await guild.role(0n)
      includes(
        await owner.api.patch(`/guilds/${guild.id}/members/${member.id}`, { roles: [role.id] }, bareIds),
        { roles: [role.id] },
        'roles',
      )
      const category = await guild.channel({ type: 4 })
      const overwrite = { id: role.id, type: 0, allow: '0', deny: '1024' }
      const channel = await owner.api.post<{ id: string }>(
        `/guilds/${guild.id}/channels`,
        { name: 'bare', parent_id: category.id, permission_overwrites: [overwrite] },
        bareIds,
      )
      includes(channel, { parent_id: category.id, permission_overwrites: [overwrite] }, 'the channel')
      const said = [await guild.say('one'), await guild.say('two')]
      const reply = await owner.api.post(
        `/channels/${guild.text}/messages`,
        { content: 'three', message_reference: { message_id: said[0]!.id } },
        bareIds,
      )
      includes((reply as { message_reference: unknown }).message_reference, { message_id: said[0]!.id }, 'what was answered')
      await owner.api.post(`/channels/${guild.text}/messages/bulk-delete`, { messages: said.map((m) => m.id) }, bareIds)
      const left = await owner.api.get<APIMessage[]>(`/channels/${guild.text}/messages`)
      same(
        left.map((m) => m.content),
        ['three'],
        'what is left',
      )
    },
  },
]

/** Everywhere in an answer: a field that is an id holds a string of digits. */
function idsAreStrings(node: unknown, path: string): void {
  if (Array.isArray(node)) for (const each of node) idsAreStrings(each, path)
  else if (typeof node === 'object' && node !== null)
    for (const [key, value] of Object.entries(node)) {
      if ((key === 'id' || key.endsWith('_id')) && value !== null) id(value, `${path}: ${key}`)
      else if (typeof value === 'number') holds(!isId(String(value)), `${path}: ${key} is no bare id`, value)
      else idsAreStrings(value, path)
    }
}
