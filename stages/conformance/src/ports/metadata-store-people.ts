import type { MetadataStore } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aDirectChannel, anInvite, aUser, newId, testDeadline } from './fixtures.ts'

/** Users, direct messages and invites. */
export function metadataStorePeople(store: () => MetadataStore): void {
  describe('a user', () => {
    it('is found by id, among several ids', async () => {
      const [ada, grace] = [
        aUser({ username: 'ada' }),
        aUser({ username: '$gt.\u{1F600}', bot: true }),
      ]
      await store().createUser(ada, testDeadline())
      await store().createUser(grace, testDeadline())
      const found = await store().users([grace.id, newId(), ada.id, ada.id], testDeadline())
      expect(new Map(found.map((user) => [user.id, user]))).toEqual(
        new Map([ada, grace].map((user) => [user.id, user])),
      )
      expect(found).toHaveLength(2)
      expect(await store().users([], testDeadline())).toEqual([])
    })

    it('is not created with the id of another user, who stays unchanged', async () => {
      const ada = aUser({ username: 'ada' })
      await store().createUser(ada, testDeadline())
      const grace = aUser({ id: ada.id, username: 'grace' })
      await expect(store().createUser(grace, testDeadline())).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      })
      expect(await store().users([ada.id], testDeadline())).toEqual([ada])
    })

    it('may be created again by a retry', async () => {
      const ada = aUser()
      await Promise.all(Array.from({ length: 5 }, () => store().createUser(ada, testDeadline())))
      expect(await store().users([ada.id], testDeadline())).toEqual([ada])
    })
  })

  describe('a direct message channel', () => {
    it('is the only one of two users, also under concurrency', async () => {
      const [ada, grace] = [newId(), newId()]
      const opened = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          store().openDm(
            i % 2 ? aDirectChannel(ada, grace) : aDirectChannel(grace, ada),
            testDeadline(),
          ),
        ),
      )
      expect(new Set(opened.map(({ id }) => id)).size).toBe(1)
      expect(await store().openDm(aDirectChannel(ada, grace), testDeadline())).toEqual(opened[0])
      expect(await store().channel(opened[0]!.id, testDeadline())).toEqual(opened[0])
    })

    it('is listed for its two users only', () =>
      fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.tuple(fc.nat(4), fc.nat(4)), {
            maxLength: 8,
            selector: ([a, b]) => [a, b].sort().join(),
          }),
          async (pairs) => {
            const people = Array.from({ length: 5 }, newId)
            const talks = pairs
              .filter(([a, b]) => a !== b)
              .map(([a, b]) => aDirectChannel(people[a]!, people[b]!))
            for (const talk of talks) await store().openDm(talk, testDeadline())
            for (const user of people) {
              const ids = (await store().dmsOf(user, testDeadline())).map(({ id }) => id)
              expect(ids.toSorted()).toEqual(
                talks
                  .filter(({ recipients }) => recipients!.includes(user))
                  .map(({ id }) => id)
                  .toSorted(),
              )
            }
          },
        ),
        { numRuns: 6 },
      ))
  })

  describe('an invite', () => {
    it('is found by code, channel and guild until it is removed', async () => {
      const invite = anInvite({ maxAge: 3_600, maxUses: 5, temporary: true })
      await store().createInvite(invite, testDeadline())
      expect(await store().invite(invite.code, testDeadline())).toEqual(invite)
      expect(await store().invitesOf(invite.channelId, testDeadline())).toEqual([invite])
      expect(await store().invitesOfGuild(invite.guildId, testDeadline())).toEqual([invite])
      expect(await store().invitesOfGuild(newId(), testDeadline())).toEqual([])
      await store().removeInvite(invite.code, testDeadline())
      await store().removeInvite(invite.code, testDeadline())
      expect(await store().invite(invite.code, testDeadline())).toBeUndefined()
      expect(await store().invitesOf(invite.channelId, testDeadline())).toEqual([])
      expect(await store().invitesOfGuild(invite.guildId, testDeadline())).toEqual([])
      expect(await store().useInvite(invite.code, testDeadline())).toBe(false)
    })

    it('has at most its number of uses under concurrency', () =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 12 }),
          async (maxUses, asks) => {
            const invite = anInvite({ maxUses })
            await store().createInvite(invite, testDeadline())
            const taken = await Promise.all(
              Array.from({ length: asks }, () => store().useInvite(invite.code, testDeadline())),
            )
            expect(taken.filter(Boolean)).toHaveLength(Math.min(maxUses, asks))
            const left = asks < maxUses
            expect(await store().invite(invite.code, testDeadline())).toEqual(
              left ? { ...invite, uses: asks } : undefined,
            )
            expect(await store().invitesOf(invite.channelId, testDeadline())).toEqual(
              left ? [{ ...invite, uses: asks }] : [],
            )
            expect(await store().useInvite(invite.code, testDeadline())).toBe(left)
          },
        ),
        { numRuns: 8 },
      ))

    it('without a limit is never used up', async () => {
      const invite = anInvite()
      await store().createInvite(invite, testDeadline())
      for (let i = 0; i < 12; i++)
        expect(await store().useInvite(invite.code, testDeadline())).toBe(true)
      expect(await store().invite(invite.code, testDeadline())).toEqual({ ...invite, uses: 12 })
    })

    it('regains a use that was given back, and never exceeds its limit', async () => {
      const invite = anInvite({ maxUses: 2 })
      await store().createInvite(invite, testDeadline())
      await store().giveBackInvite(invite.code, testDeadline()) // no use was taken
      for (let i = 0; i < 2; i++)
        expect(await store().useInvite(invite.code, testDeadline())).toBe(true)
      await store().giveBackInvite(invite.code, testDeadline())
      expect(await store().invite(invite.code, testDeadline())).toEqual({ ...invite, uses: 1 })
      expect(await store().useInvite(invite.code, testDeadline())).toBe(true)
      expect(await store().useInvite(invite.code, testDeadline())).toBe(false)
      await store().giveBackInvite(newId(), testDeadline()) // of an invite that does not exist
    })

    it('keeps its number of uses when it is created again', async () => {
      const invite = anInvite({ maxUses: 1 })
      await store().createInvite(invite, testDeadline())
      expect(await store().useInvite(invite.code, testDeadline())).toBe(true)
      await store().createInvite(invite, testDeadline())
      expect(await store().useInvite(invite.code, testDeadline())).toBe(false)
    })

    it('that has expired is not found', async () => {
      const invite = anInvite({ createdAt: Date.now() - 61_000, maxAge: 60 })
      await store().createInvite(invite, testDeadline())
      expect(await store().invite(invite.code, testDeadline())).toBeUndefined()
      expect(await store().invitesOf(invite.channelId, testDeadline())).toEqual([])
      expect(await store().useInvite(invite.code, testDeadline())).toBe(false)
    })
  })

  describe('a ping', () => {
    it('is answered by a healthy store', async () => {
      await expect(store().ping(testDeadline())).resolves.toBeUndefined()
    })
  })
}
