import { allCases, failureOf, runCase, type Target } from '@threshold/conformance/external'
import { type StageProcess, startStage } from '@threshold/engines'
import { allTests, leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Flaw, flawedStage } from './flawed-stage.ts'

interface Frame {
  op: number
  t: string | null
  s: number | null
  d: Record<string, unknown>
}

const json = (text: string, change: (value: Frame & Record<string, unknown>) => void): string => {
  if (text === '') return text
  const value = JSON.parse(text)
  change(value)
  return JSON.stringify(value)
}
const body =
  (change: (value: Record<string, unknown>) => void): Flaw['request'] =>
  (path, text) => ({ path, body: json(text, change) })
const frame =
  (change: (value: Frame) => void): Flaw['serverFrames'] =>
  (text) => [json(text, change)]
const isMessage = (text: string): boolean => text.includes('"t":"MESSAGE_CREATE"')

/** Defects that stages have had, or might have, and cases that must notice. */
const FLAWS: Readonly<Record<string, { flaw: Flaw; noticedBy: readonly string[] }>> = {
  'a charset in the content type': {
    flaw: {
      response({ headers }) {
        if (headers['content-type'] === 'application/json')
          headers['content-type'] = 'application/json; charset=utf-8'
      },
    },
    noticedBy: ['rest.content-type'],
  },
  'numbers read as doubles': {
    flaw: { request: body(() => {}), clientFrame: (text) => json(text, () => {}) },
    noticedBy: ['rest.ids.bare-numbers', 'gateway.members.bare-numbers'],
  },
  'history oldest first': {
    flaw: {
      response(answer, path) {
        if (/\/messages(\?|$)/.test(path) && answer.body.startsWith('['))
          answer.body = JSON.stringify(JSON.parse(answer.body).reverse())
      },
    },
    noticedBy: [
      'rest.messages.page.latest',
      'rest.messages.page.law',
      'rest.messages.page.around',
      'rest.messages.page.walk',
    ],
  },
  'a limit that is not checked': {
    flaw: {
      request: (path, text) => ({
        path: path.replace(/limit=(0|101|abc)\b/, 'limit=1'),
        body: text,
      }),
    },
    noticedBy: ['rest.messages.page.limit', 'rest.members.list.invalid', 'rest.reactions.list'],
  },
  'forbidden where unknown is meant': {
    flaw: {
      response(answer) {
        if (answer.status === 404) answer.status = 403
      },
    },
    noticedBy: [
      'rest.guilds.unknown',
      'rest.channels.unknown',
      'rest.unknown-route',
      'rest.invites.get',
    ],
  },
  'refusals that do not name the field': {
    flaw: {
      response(answer) {
        if (answer.status === 400) answer.body = json(answer.body, (value) => delete value.errors)
      },
    },
    noticedBy: [
      'rest.messages.send.length',
      'rest.guilds.create.invalid',
      'workshop.users.invalid',
    ],
  },
  'no rate limit headers': {
    flaw: {
      response({ headers }) {
        for (const name of Object.keys(headers))
          if (name.startsWith('x-ratelimit')) delete headers[name]
      },
    },
    noticedBy: ['rest.rate.headers'],
  },
  'nonces that are not enforced': {
    flaw: { request: body((value) => delete value.enforce_nonce) },
    noticedBy: ['rest.messages.enforce-nonce', 'rest.messages.enforce-nonce.concurrent'],
  },
  'overwrites that are not honoured': {
    flaw: { request: body((value) => delete value.permission_overwrites) },
    noticedBy: [
      'rest.guilds.channels.create.overwrites',
      'rest.channels.hidden',
      'gateway.sight.hidden',
      'gateway.sight.mentioned',
    ],
  },
  'intents that are not asked for': {
    flaw: {
      clientFrame: (text) =>
        json(text, ({ op, d }) => op === 2 && Object.assign(d, { intents: 65_475 })),
    },
    noticedBy: ['gateway.intents.guild-messages', 'gateway.intents.none', 'gateway.content.others'],
  },
  'a dispatch lost now and then': {
    flaw: {
      serverFrames: (text) => (isMessage(text) && /"message (1|2|3)/.test(text) ? [] : [text]),
    },
    noticedBy: ['gateway.sequence.contiguous'],
  },
  'every message told twice': {
    flaw: { serverFrames: (text) => (isMessage(text) ? [text, text] : [text]) },
    noticedBy: ['gateway.sequence.contiguous', 'gateway.message-create'],
  },
  'messages without their guild': {
    flaw: { serverFrames: frame(({ t, d }) => t === 'MESSAGE_CREATE' && delete d.guild_id) },
    noticedBy: ['gateway.message-create'],
  },
  'READY without direct messages': {
    flaw: { serverFrames: frame(({ t, d }) => t === 'READY' && delete d.private_channels) },
    noticedBy: ['gateway.ready', 'gateway.ready.private-channels'],
  },
  'GUILD_CREATE without a field': {
    flaw: { serverFrames: frame(({ t, d }) => t === 'GUILD_CREATE' && delete d.stage_instances) },
    noticedBy: ['gateway.guild-create.fields'],
  },
  'a session that seems to be resumable': {
    flaw: { serverFrames: (text) => [text.replace('"op":9,"d":false', '"op":9,"d":true')] },
    noticedBy: ['gateway.resume.unknown', 'gateway.resume.replay', 'gateway.resume.ended.1000'],
  },
  'closes without a reason': {
    flaw: { closeCode: () => 1_000 },
    noticedBy: [
      'gateway.close.4002.identify',
      'gateway.close.4003',
      'gateway.close.4004',
      'gateway.close.4012',
      'gateway.close.4013',
    ],
  },
}

const use = new AsyncDisposableStack()
let stage: StageProcess
beforeAll(async () => {
  if (!allTests()) return
  const { uri } = use.use(await leaseDatabase())
  stage = use.use(await startStage({ stage: 1, engineUri: uri }))
})
afterAll(() => use.disposeAsync())

const caseOf = (id: string) => allCases.find((one) => one.id === id)!
const targetAt = (baseUrl: string): Target => ({ baseUrl, capabilities: new Set() })

describe
  .runIf(allTests())
  .concurrent('the suite notices a flawed stage', { timeout: 180_000 }, () => {
    for (const [name, { flaw, noticedBy }] of Object.entries(FLAWS)) {
      it(`with ${name}`, async () => {
        await using flawed = await flawedStage(stage.url, flaw)
        for (const id of noticedBy)
          expect((await runCase(caseOf(id), targetAt(flawed.url))).kind, id).toBe('failed')
      })
    }

    it('and not one that is merely further away', async () => {
      await using distant = await flawedStage(stage.url, {})
      for (const id of new Set(Object.values(FLAWS).flatMap((each) => each.noticedBy)))
        expect(
          failureOf(caseOf(id), await runCase(caseOf(id), targetAt(distant.url)), undefined),
          id,
        ).toBeUndefined()
    })
  })
