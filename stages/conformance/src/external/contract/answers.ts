import type { Section } from './sentence.ts'

export const workshop: Section = {
  title: 'For the workshop alone',
  sentences: [
    {
      id: 'workshop.users',
      text: 'Outside Discord’s API, for the workshop alone: `POST /workshop/users {username}` → `{id, token}`.',
      cases: [
        'workshop.users.create',
        'workshop.users.namesakes',
        'workshop.users.invalid',
        'workshop.users.foreign-page',
      ],
    },
    {
      id: 'workshop.health',
      text: '`GET /healthz`, `GET /readyz`.',
      cases: ['workshop.healthz', 'workshop.readyz'],
    },
    { id: 'workshop.metrics', text: '`GET /metrics` (Prometheus).', cases: ['workshop.metrics'] },
    {
      id: 'workshop.loopback',
      text: '`threshold stage` has them on, and everything binds to loopback unless configured otherwise.',
      cases: ['workshop.loopback', 'workshop.users.create'],
    },
    {
      id: 'workshop.off',
      text: 'A configuration turns provisioning off.',
      cases: ['workshop.users.off'],
    },
  ],
}

export const errors: Section = {
  title: 'Errors and limits',
  sentences: [
    {
      id: 'errors.shape',
      text: 'Errors have Discord’s shape `{code, message, errors?}`.',
      cases: ['rest.json.not-a-form', 'rest.guilds.create.invalid', 'rest.guilds.unknown'],
    },
    {
      id: 'errors.0',
      text: '401 and unknown route 0.',
      cases: [
        'rest.auth.missing',
        'rest.auth.before-body',
        'rest.auth.foreign',
        'rest.unknown-route',
      ],
    },
    {
      id: 'errors.10003',
      text: '10003 channel.',
      cases: ['rest.channels.unknown', 'rest.channels.delete', 'rest.guilds.delete'],
    },
    {
      id: 'errors.10004',
      text: '10004 guild.',
      cases: ['rest.guilds.unknown', 'rest.guilds.delete'],
    },
    {
      id: 'errors.10006',
      text: '10006 invite.',
      cases: ['rest.invites.get', 'rest.invites.accept', 'rest.invites.expire'],
    },
    {
      id: 'errors.10008',
      text: '10008 message.',
      cases: ['rest.messages.get', 'rest.messages.delete', 'rest.reactions.unknown'],
    },
    {
      id: 'errors.10013',
      text: '10013 user.',
      cases: ['rest.users.unknown', 'rest.users.dm.invalid'],
    },
    {
      id: 'errors.50001',
      text: '50001 no access.',
      cases: [
        'rest.guilds.foreign',
        'rest.channels.hidden',
        'rest.users.dm.private',
        'rest.members.remove',
        'rest.permissions.view-first',
      ],
    },
    { id: 'errors.50005', text: '50005 other’s message.', cases: ['rest.messages.edit.others'] },
    {
      id: 'errors.50006',
      text: '50006 empty message.',
      cases: ['rest.messages.send.empty', 'rest.messages.edit.refused', 'rest.json.empty-body'],
    },
    {
      id: 'errors.50013',
      text: '50013 no permission.',
      cases: [
        'rest.messages.send.refused',
        'rest.guilds.edit.refused',
        'rest.guilds.edit.owner',
        'rest.guilds.channels.create.refused',
        'rest.channels.edit.refused',
        'rest.overwrites.refused',
        'rest.members.edit.self',
        'rest.members.remove.refused',
        'rest.roles.refused',
        'rest.roles.no-escalation',
        'rest.messages.delete',
        'rest.messages.bulk-delete.refused',
        'rest.reactions.permissions',
        'rest.invites.refused',
        'rest.typing',
      ],
    },
    {
      id: 'errors.50035',
      text: '50035 invalid form with `errors.<field>._errors[].{code,message}` (2,001 characters → `BASE_TYPE_MAX_LENGTH`; `limit=0|101|abc` and a non-snowflake id too).',
      cases: [
        'rest.json.not-a-form',
        'rest.messages.send.length',
        'rest.messages.send.length.code-points',
        'rest.messages.send.embeds.refused',
        'rest.messages.page.limit',
        'rest.messages.page.anchor',
        'rest.users.unknown',
        'rest.users.dm.invalid',
        'rest.guilds.create.invalid',
        'rest.guilds.channels.create.refused',
        'rest.channels.edit.refused',
        'rest.members.list.invalid',
        'rest.members.edit.refused',
        'rest.members.edit.unsupported',
        'rest.roles.invalid',
        'rest.search.invalid',
        'rest.invites.refused',
      ],
    },
    {
      id: 'errors.unsupported',
      text: 'What is not supported is refused by name (400, 50035 with the field), never dropped with a 200;',
      cases: [
        'rest.unsupported.messages',
        'rest.unsupported.files',
        'rest.unsupported.channels',
        'rest.unsupported.channel-types',
        'rest.unsupported.guilds',
        'rest.unsupported.members',
        'rest.unsupported.nothing',
        'rest.members.edit.unsupported',
      ],
    },
    {
      id: 'errors.unsupported.search',
      text: 'a filter of the search that is not supported likewise.',
      cases: ['rest.search.unsupported'],
    },
    { id: 'errors.50109', text: '50109 malformed JSON.', cases: ['rest.json.malformed'] },
    {
      id: 'limits',
      text: 'Rate limits: `X-RateLimit-*` headers and 429 with `{message, retry_after, global}`; limits are configuration, and generous by default.',
      cases: [
        'rest.rate.headers',
        'rest.rate.headers-on-refusals',
        'rest.rate.counts-down',
        'rest.rate.of-one-user',
      ],
    },
    {
      id: 'nonce',
      text: '`enforce_nonce` deduplicates a retried send.',
      cases: [
        'rest.messages.enforce-nonce',
        'rest.messages.enforce-nonce.scope',
        'rest.messages.enforce-nonce.concurrent',
        'rest.messages.enforce-nonce.deleted',
        'rest.messages.nonce',
        'rest.messages.nonce.integer',
      ],
    },
  ],
}
