import type { Section } from './sentence.ts'

export const guildRules: Section = {
  title: 'Categories and permissions',
  sentences: [
    {
      id: 'rest.categories',
      text: 'Categories work as Discord documents: a channel created in one takes its overwrites unless others are given; synced children follow it; who may create in it or move into it is judged there; `lock_permissions` syncs.',
      cases: [
        'rest.categories.inherit',
        'rest.categories.sync',
        'rest.categories.lock',
        'rest.categories.judged-there',
        'rest.categories.refused',
      ],
    },
    {
      id: 'rest.overwrites.type',
      text: 'An overwrite’s type is part of what a permission check compares.',
      cases: ['rest.overwrites.type', 'rest.overwrites.unknown'],
    },
    {
      id: 'rest.enforced',
      text: 'Slow mode, temporary invites and EMBED_LINKS are enforced.',
      cases: [
        'rest.messages.slow-mode',
        'rest.messages.slow-mode.before',
        'rest.invites.temporary',
        'rest.messages.embed-links',
      ],
    },
    { id: 'rest.code', text: 'A mention inside code is none.', cases: ['rest.messages.code'] },
  ],
}
