import { randomBytes } from 'node:crypto'
import { newId } from '@threshold/conformance/ports'
import type { GuildEvent, Invite } from '@threshold/domain'
import { createRuntime, deadlineAfter, unavailable } from '@threshold/kit'
import type { ExecuteResult, GuildHub, MetadataStore } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import type { Context } from '../../src/rest/context.ts'
import type { Handler } from '../../src/rest/route.ts'
import { inviteRoutes } from '../../src/rest/routes/invites.ts'

const user = { v: 1, id: newId(), username: 'cy', bot: false } as const
const member = { user, nick: null, roles: [], joinedAt: 0, mute: false, deaf: false }
const added: GuildEvent = { type: 'member.added', member }

/**
 * A user accepts an invite with one use. `join` is the guild's answer. Resolves with the uses left.
 */
async function usesLeft(
  join: () => Promise<ExecuteResult>,
  store: Partial<MetadataStore> = {},
): Promise<number> {
  const ids = { guildId: newId(), channelId: newId(), inviterId: newId() }
  const invite: Invite = {
    v: 1,
    code: 'code',
    ...ids,
    createdAt: 0,
    maxAge: 0,
    maxUses: 1,
    uses: 0,
    temporary: false,
  }
  let left = 1
  const metadata: Partial<MetadataStore> = {
    invite: async () => invite,
    useInvite: async () => left-- > 0,
    giveBackInvite: async (_code, { at }) => {
      expect(at, 'the deadline').toBeGreaterThan(Date.now())
      left += 1
    },
    loadGuild: async () => undefined,
    ...store,
  }
  const hub: Partial<GuildHub> = {
    access: async () => ({ kind: 'found', members: new Map() }),
    execute: join,
    view: async () => undefined,
  }
  const context = {
    ports: { metadata, hub },
    runtime: createRuntime({ random: randomBytes }),
    requireUser: async () => user,
  } as unknown as Context
  const handlers = new Map<string, Handler>()
  inviteRoutes((_method, _path, action, handler) => void handlers.set(action, handler), context)
  // The deadline is over when the guild answers.
  const request = {
    userId: user.id,
    params: { code: invite.code },
    query: {},
    body: undefined,
    gatewayUrl: '',
    deadline: deadlineAfter(0),
  }
  await handlers.get('invite.accept')!(request).catch(() => {})
  return left
}

describe('a use of an invite', () => {
  it('is taken by a user who joins', async () => {
    expect(await usesLeft(async () => ({ ok: true, events: [added] }))).toBe(0)
  })

  it('is given back if the guild fails or refuses, and if the user was a member already', async () => {
    expect(await usesLeft(() => Promise.reject(unavailable('the store')))).toBe(1)
    expect(await usesLeft(async () => ({ ok: false, refusal: 'unknown-guild' }))).toBe(1)
    expect(await usesLeft(async () => ({ ok: true, events: [] }))).toBe(1)
  })

  it('is lost if giving it back fails', async () => {
    const failing = { giveBackInvite: () => Promise.reject(unavailable('the store')) }
    expect(await usesLeft(() => Promise.reject(unavailable('the store')), failing)).toBe(0)
  })
})
