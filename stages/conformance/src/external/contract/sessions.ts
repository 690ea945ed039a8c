import type { Section } from './sentence.ts'

export const sessions: Section = {
  title: 'Sessions',
  sentences: [
    {
      id: 'sessions.sequence',
      text: '`s` is contiguous in a session.',
      cases: [
        'gateway.sequence.contiguous',
        'gateway.sequence.own',
        'gateway.sequence.order',
        'gateway.sequence.edits',
      ],
    },
    {
      id: 'sessions.replay',
      text: 'RESUME replays exactly what was missed, once, in order, then RESUMED;',
      cases: [
        'gateway.resume.replay',
        'gateway.resume.nothing-missed',
        'gateway.resume.earlier',
        'gateway.resume.again',
        'gateway.resume.while-busy',
      ],
    },
    {
      id: 'sessions.closes',
      text: 'a session outlives any close but 1000 and 1001;',
      cases: [
        'gateway.resume.survives.cut',
        'gateway.resume.survives.1012',
        'gateway.resume.survives.4000',
        'gateway.resume.survives.4200',
        'gateway.resume.survives.no-code',
        'gateway.resume.ended.1000',
        'gateway.resume.ended.1001',
      ],
    },
    {
      id: 'sessions.refused',
      text: 'another user’s, an unknown or an expired session gets op 9 `d:false`, the socket stays open, and IDENTIFY on it works.',
      cases: ['gateway.resume.foreign', 'gateway.resume.unknown', 'gateway.resume.expired'],
    },
    {
      id: 'sessions.none',
      text: 'Stages 1 and 2 keep no session and answer every RESUME with op 9 `d:false`: that is their flaw to show.',
      cases: [
        'gateway.resume.replay',
        'gateway.resume.nothing-missed',
        'gateway.resume.bad-seq',
        'gateway.resume.expired',
      ],
    },
  ],
}

export const bites: Section = {
  title: 'What bites',
  sentences: [
    {
      id: 'bites.numbers',
      text: 'discord.py sends 64-bit ids as bare JSON numbers: parse integers losslessly, in frames and in REST bodies.',
      cases: ['rest.ids.bare-numbers', 'gateway.members.bare-numbers', 'clients.discordpy.members'],
    },
    {
      id: 'bites.content-type',
      text: '`Content-Type` must be exactly `application/json` (Express’s `res.json` adds a charset, and oceanic.js then never logs in).',
      cases: ['rest.content-type', 'clients.oceanic.login'],
    },
    {
      id: 'bites.identify',
      text: 'IDENTIFY tokens may carry `Bot `; discord.py heartbeats before IDENTIFY (answer it).',
      cases: [
        'gateway.identify.bot-prefix',
        'gateway.heartbeat.before-identify',
        'clients.discordpy.login',
      ],
    },
    {
      id: 'bites.fields',
      text: 'RESUMED’s `d` is an object. Without `private_channels` eris throws; without `application` oceanic.js never logs in; without `mentions, mention_roles, attachments, embeds` eris drops the message.',
      cases: [
        'gateway.resume.replay',
        'gateway.ready',
        'gateway.message-create',
        'clients.eris.send',
        'clients.oceanic.login',
      ],
    },
    {
      id: 'bites.compress',
      text: '`compress=zlib-stream` in the URL and `compress` in IDENTIFY go together: honour both or neither (hikari works only where the first is honoured). `compress=zstd-stream` likewise.',
      cases: [
        'gateway.compress.zlib-stream',
        'gateway.compress.zstd-stream',
        'gateway.compress.together',
        'gateway.compress.none',
        'clients.hikari.*',
      ],
    },
    {
      id: 'bites.closes',
      text: 'Clients close with codes such as 4200 and 1012 and then resume; discordgo closes a zombie with 1000 and identifies afresh.',
      cases: [
        'gateway.close.afresh',
        'gateway.resume.survives.4200',
        'gateway.resume.survives.1012',
        'clients.discordgo.zombie',
        'clients.discordjs.reconnect',
        'clients.discordjs.zombie',
      ],
    },
  ],
}
