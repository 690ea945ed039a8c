import { Op } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { expectEqual, expectFields, expectIncludes, expectTrue } from '../../expect.ts'

const noActivity = { activities: [], since: null, afk: false }

export const presenceCases: readonly Case[] = [
  {
    id: 'gateway.presence.online',
    title: 'PRESENCE_UPDATE announces that a member came online',
    covers: ['gateway.events.presence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.owner.connect()
      await guild.member.connect()
      const event = await socket.nextEvent('PRESENCE_UPDATE', (d) => d.user.id === guild.member.id)
      expectIncludes(event, { guild_id: guild.id, status: 'online' }, 'the event')
      expectTrue(Array.isArray(event.activities), 'its activities are a list')
      expectFields(event, ['client_status'], 'PRESENCE_UPDATE')
    },
  },
  {
    id: 'gateway.presence.update',
    title: 'Op 3 changes status and activities, and causes PRESENCE_UPDATE',
    covers: ['gateway.opcodes', 'gateway.events.presence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      member.send(Op.PresenceUpdate, {
        ...noActivity,
        status: 'dnd',
        activities: [{ name: 'Chess', type: 0 }],
      })
      const event = await owner.nextEvent(
        'PRESENCE_UPDATE',
        (d) => d.user.id === guild.member.id && d.status === 'dnd',
      )
      expectIncludes(event.activities?.[0], { name: 'Chess', type: 0 }, 'the activity')
      member.send(Op.PresenceUpdate, { ...noActivity, status: 'idle' })
      expectIncludes(
        await owner.nextEvent('PRESENCE_UPDATE', (d) => d.status === 'idle'),
        { activities: [] },
        'the next event',
      )
    },
  },
  {
    id: 'gateway.presence.identify',
    title: 'A presence in IDENTIFY takes effect at once',
    covers: ['gateway.events.presence', 'bites.since', 'bites.activity'],
    async run(fixture) {
      const guild = await fixture.guild()
      const owner = await guild.owner.connect()
      // serenity writes `since` as an object.
      const since = { secs_since_epoch: 1_795_704_370, nanos_since_epoch: 0 }
      const presence = {
        ...noActivity,
        since,
        status: 'idle',
        activities: [{ name: 'Go', type: 3 }],
      }
      await guild.member.connect({ identify: { presence } })
      const event = await owner.nextEvent('PRESENCE_UPDATE', (d) => d.user.id === guild.member.id)
      expectIncludes(event, { status: 'idle' }, 'the event')
      expectIncludes(event.activities?.[0], { name: 'Go', type: 3 }, 'its activity')
      expectFields(event.activities?.[0], ['id', 'created_at'], 'its activity')
    },
  },
  {
    id: 'gateway.presence.offline',
    title: 'A member who disconnects or becomes invisible is shown as offline',
    covers: ['gateway.events.presence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const [owner, member, invisible] = [
        await guild.owner.connect(),
        await guild.member.connect(),
        await cy.connect(),
      ]
      for (const { id } of [guild.member, cy])
        await owner.nextEvent('PRESENCE_UPDATE', (d) => d.user.id === id && d.status === 'online')
      member.close(1_000)
      await owner.nextEvent(
        'PRESENCE_UPDATE',
        (d) => d.user.id === guild.member.id && d.status === 'offline',
      )
      invisible.send(Op.PresenceUpdate, { ...noActivity, status: 'invisible' })
      await owner.nextEvent('PRESENCE_UPDATE', (d) => d.user.id === cy.id && d.status === 'offline')
      const late = await guild.newMember('dan')
      const { presences } = (await late.connect()).received('GUILD_CREATE')[0]!
      expectEqual(
        presences
          .map((each) => each.user.id)
          .filter((id) => id === cy.id || id === guild.member.id),
        [],
        'the presences of the two members',
      )
    },
  },
  {
    id: 'gateway.presence.sessions',
    title: 'A member who closes one of two sessions stays online',
    covers: ['gateway.events.presence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const owner = await guild.owner.connect()
      const one = await guild.member.connect()
      await owner.nextEvent(
        'PRESENCE_UPDATE',
        (d) => d.user.id === guild.member.id && d.status === 'online',
      )
      const two = await guild.member.connect()
      one.close(1_000)
      // The next event must be the change on the other session, not an `offline`.
      two.send(Op.PresenceUpdate, { ...noActivity, status: 'dnd' })
      const next = await owner.nextEvent('PRESENCE_UPDATE', (d) => d.user.id === guild.member.id)
      expectEqual(next.status, 'dnd', 'the status in the next event')
    },
  },
]
