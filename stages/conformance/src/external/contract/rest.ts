export const introduction = {
  title: 'The one external contract',
  sentences: {
    'intro.subset':
      'Every stage answers the same contract: a subset of Discord’s public REST API v10 and ' +
      'Gateway v10, in JSON. Unmodified client libraries drive every stage, and one conformance ' +
      'suite runs on all of them.',
    'intro.clients':
      'Five client libraries must work unmodified on every stage: discord.js 14, oceanic.js 1, ' +
      'eris 0.18, discord.py 2 and discordgo 0.29.',
    'intro.silence':
      'Where this page is silent, a stage does what Discord documents. It does not invent a ' +
      'protocol.',
  },
} as const

export const rest = {
  title: 'REST',
  sentences: {
    'rest.prefix': 'The REST API is under `/api/v10`, and the same under `/api` and `/api/v9`.',
    'rest.authorization': 'A request authenticates with `Authorization: Bot TOKEN`.',
    'rest.json':
      'Request and response bodies are JSON. Ids are snowflakes as strings (Discord epoch ' +
      '1420070400000).',
    'rest.clock':
      'No id is used twice and no edit is lost when the clock is set back, also across a ' +
      'restart.',
    'rest.route.gateway':
      '`/gateway` and `/gateway/bot` support GET. The answer is `{url}`; for bots also `shards` ' +
      'and `session_start_limit:{total, remaining, reset_after, max_concurrency}`.',
    'rest.route.users':
      '`/users/@me`, `/users/:id`, `/users/@me/guilds`, `/users/@me/channels` and ' +
      '`/oauth2/applications/@me` support GET. POST to `/users/@me/channels` opens a direct ' +
      'message.',
    'rest.route.guilds': '`/guilds` supports POST; `/guilds/:id` supports GET, PATCH and DELETE.',
    'rest.route.guild-channels':
      '`/guilds/:id/channels` supports GET and POST. `permission_overwrites` are honoured.',
    'rest.route.members':
      '`/guilds/:id/members` supports GET (`limit`, `after`). `/guilds/:id/members/:user` ' +
      'supports GET, PUT, PATCH and DELETE. PUT takes `{access_token}`, the user’s workshop ' +
      'token, and answers 201, or 204 if the user is already a member. ' +
      '`/guilds/:id/members/@me/nick` supports PATCH.',
    'rest.route.roles':
      '`/guilds/:id/roles` and `/guilds/:id/roles/:role` support GET, POST, PATCH and DELETE. ' +
      '`/guilds/:id/members/:user/roles/:role` supports PUT and DELETE.',
    'rest.route.search': '`/guilds/:id/messages/search` supports GET.',
    'rest.route.channels':
      '`/channels/:id` supports GET, PATCH and DELETE. `/channels/:id/permissions/:target` ' +
      'supports PUT and DELETE.',
    'rest.route.messages':
      '`/channels/:id/messages` supports GET (`limit` 1–100, default 50; `before`, `after`, ' +
      '`around`; newest first) and POST. `/channels/:id/messages/:id` supports GET, PATCH and ' +
      'DELETE. `/channels/:id/messages/bulk-delete` supports POST.',
    'rest.route.reactions':
      '`/channels/:id/messages/:id/reactions/:emoji` supports GET and DELETE; ' +
      '`/channels/:id/messages/:id/reactions/:emoji/@me` supports PUT and DELETE.',
    'rest.route.nothing':
      'GET answers empty, in Discord’s shape, for threads (active and archived), emojis, ' +
      'stickers, webhooks, bans, scheduled events, AutoMod rules, integrations, templates, the ' +
      'audit log, voice regions, and an application’s emojis and commands.',
    'rest.route.typing-and-invites':
      '`/channels/:id/typing` supports POST. `/channels/:id/invites` and `/invites/:code` ' +
      'support GET and POST. `/guilds/:id/invites` supports GET.',
  },
} as const

export const guildRules = {
  title: 'Categories and permissions',
  sentences: {
    'rest.categories':
      'Categories work as Discord documents. A channel created in a category takes the ' +
      'category’s overwrites unless others are given. Synced channels follow their category. ' +
      'The right to create in a category, or to move a channel into it, is checked in that ' +
      'category. `lock_permissions` syncs a channel.',
    'rest.overwrites.type':
      'A permission check compares the type of an overwrite as well as its bits.',
    'rest.enforced': 'Slow mode, temporary invites and EMBED_LINKS are enforced.',
    'rest.code': 'A mention inside a code block or code span mentions nobody.',
  },
} as const
