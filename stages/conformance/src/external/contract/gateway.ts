export const gateway = {
  title: 'Gateway, `/?v=10&encoding=json`',
  sentences: {
    'gateway.address': 'The gateway is at `/?v=10&encoding=json`.',
    'gateway.opcodes': 'The gateway uses opcodes 0–4 and 6–11.',
    'gateway.public-url':
      'A configured address, or a trusted proxy, decides the scheme and host in `/gateway` ' +
      'and READY. Behind TLS they say `wss`.',
    'gateway.close.4001': 'An unknown opcode closes with 4001.',
    'gateway.close.4002': 'A payload that cannot be decoded closes with 4002.',
    'gateway.close.4003': 'A command before IDENTIFY closes with 4003.',
    'gateway.close.4004': 'An invalid token closes with 4004.',
    'gateway.close.4005': 'A second IDENTIFY closes with 4005.',
    'gateway.close.4007': 'RESUME with an invalid sequence number closes with 4007.',
    'gateway.close.4008': 'Too many frames close with 4008.',
    'gateway.close.4009': 'Missed heartbeats close with 4009.',
    'gateway.close.4010': 'An invalid shard closes with 4010.',
    'gateway.close.4012': 'An unsupported gateway version closes with 4012.',
    'gateway.close.4013': 'Invalid intents close with 4013.',
    'gateway.hello':
      'HELLO carries `heartbeat_interval`, which is configurable; tests use about 2,000 ms.',
    'gateway.silence': 'The gateway closes the connection of a silent client.',
    'gateway.ready':
      'READY is s=1: `v, user, guilds[{id, unavailable:true}], session_id, resume_gateway_url, ' +
      'application{id,flags}, private_channels[]`.',
    'gateway.guild-create':
      'One GUILD_CREATE for each guild follows, with every field that clients read: `owner_id, ' +
      'name, joined_at, large, member_count, members, channels, roles, presences, voice_states, ' +
      'threads, stage_instances, guild_scheduled_events, emojis, stickers, features, ' +
      'verification_level, default_message_notifications, explicit_content_filter, mfa_level, ' +
      'nsfw_level, premium_tier, preferred_locale, system_channel_flags, afk_timeout`.',
    'gateway.everyone': 'The role `@everyone` has the guild’s id. Permissions are strings.',
    'gateway.message-create':
      'MESSAGE_CREATE is the message (`timestamp, edited_timestamp, tts, mention_everyone, ' +
      'mentions, mention_roles, attachments, embeds, pinned, type, nonce, author`) plus ' +
      '`guild_id, member`.',
    'gateway.events.messages':
      'Messages cause MESSAGE_UPDATE, MESSAGE_DELETE, MESSAGE_DELETE_BULK, ' +
      'MESSAGE_REACTION_ADD, MESSAGE_REACTION_REMOVE and TYPING_START.',
    'gateway.events.presence': 'A change of status or activity causes PRESENCE_UPDATE.',
    'gateway.events.guilds':
      'Guilds and members cause GUILD_CREATE, GUILD_UPDATE, GUILD_DELETE, GUILD_MEMBER_ADD, ' +
      'GUILD_MEMBER_UPDATE and GUILD_MEMBER_REMOVE.',
    'gateway.events.chunks': 'Op 8 is answered with GUILD_MEMBERS_CHUNK.',
    'gateway.events.roles-and-channels':
      'Roles and channels cause GUILD_ROLE_CREATE, GUILD_ROLE_UPDATE, GUILD_ROLE_DELETE, ' +
      'CHANNEL_CREATE, CHANNEL_UPDATE and CHANNEL_DELETE.',
    'gateway.events.voice': 'Op 4 causes VOICE_STATE_UPDATE and VOICE_SERVER_UPDATE.',
    'gateway.events.resumed': 'A successful RESUME ends with RESUMED.',
    'gateway.intents': 'Intents filter events.',
    'gateway.content': 'The content of other authors’ messages is empty without MESSAGE_CONTENT.',
    'gateway.sight': 'No event of a channel reaches a user who cannot view the channel.',
  },
} as const

export const sessions = {
  title: 'Sessions',
  sentences: {
    'sessions.sequence': '`s` is contiguous in a session.',
    'sessions.replay': 'RESUME replays the missed events exactly once and in order, then RESUMED.',
    'sessions.closes': 'A session outlives any close except 1000 and 1001.',
    'sessions.refused':
      'RESUME of another user’s, an unknown or an expired session is answered op 9 `d:false`. ' +
      'The socket stays open, and IDENTIFY on it works.',
    'sessions.none':
      'Stages 1 and 2 keep no session and answer every RESUME with op 9 `d:false`. Stage 3 ' +
      'keeps sessions.',
  },
} as const

export const clientQuirks = {
  title: 'Requirements of client libraries',
  sentences: {
    'bites.numbers':
      'discord.py sends 64-bit ids as bare JSON numbers. Integers are parsed without loss, in ' +
      'frames and in REST bodies.',
    'bites.content-type':
      '`Content-Type` must be exactly `application/json`. Express’s `res.json` adds a charset, ' +
      'and oceanic.js then never logs in.',
    'bites.identify':
      'The token in IDENTIFY may begin with `Bot `. discord.py sends a heartbeat before ' +
      'IDENTIFY, and the gateway answers it.',
    'bites.fields':
      'RESUMED’s `d` is an object. Without `private_channels` eris throws. Without ' +
      '`application` oceanic.js never logs in. Without `mentions, mention_roles, attachments, ' +
      'embeds` eris drops the message.',
    'bites.compress':
      '`compress=zlib-stream` in the URL and `compress` in IDENTIFY go together: both are ' +
      'honoured, or neither. hikari works only where the first is honoured. The same holds for ' +
      '`compress=zstd-stream`.',
    'bites.closes':
      'Clients close with codes such as 4200 and 1012 and then resume. discordgo closes a ' +
      'zombie connection with 1000 and identifies again.',
    'bites.times':
      'Times have microseconds and an offset. twilight rejects fewer digits, and discord.py on ' +
      'a Python before 3.11 rejects `Z`.',
    'bites.since': 'serenity sends the `since` of a presence as an object. Any value is accepted.',
    'bites.activity': 'An activity has an `id`. Discord4J otherwise drops the whole GUILD_CREATE.',
    'bites.emoji':
      'discord.py and its forks send a custom emoji as `:name:id` or `a:name:id`. It means the ' +
      'emoji `name:id`.',
    'bites.via': 'A 429 has the header `Via`. discord.py and JDA otherwise raise an error.',
    'bites.reply':
      'A reply mentions the author it answers, unless `allowed_mentions` is given without ' +
      '`replied_user: true`.',
    'bites.update':
      'MESSAGE_UPDATE has no `reactions`. Clients would take their `me` for their own.',
    'bites.quoted':
      'A user’s own message keeps its content where a reply quotes it, also without ' +
      'MESSAGE_CONTENT.',
    'bites.role-order':
      'discord.js and JDA move one role by sending the positions of all. The resulting order is ' +
      'checked, not the numbers.',
  },
} as const
