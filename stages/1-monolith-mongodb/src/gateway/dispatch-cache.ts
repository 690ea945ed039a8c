import {
  APPLICATION_FLAGS,
  type GuildId,
  Intent,
  intentsAdmit,
  timeOf,
  timeToWire,
  type UserId,
} from '@threshold/contract'
import {
  channelToWire,
  type GuildView,
  guildToWire,
  type Member,
  memberToWire,
  type Presence,
  presenceToWire,
  type User,
  userToWire,
  voiceStateToWire,
} from '@threshold/domain'
import type { EventEncoder, HubEvent } from '@threshold/ports'
import { Dispatch } from './dispatch.ts'
import type { Shard } from './protocol.ts'

/** Who hears a dispatch: what intents and identity decide. */
export interface Recipient {
  readonly userId: UserId
  readonly intents: number
}

/**
 * An event as its listeners get it: encoded once for all who see its content, and once more for
 * those who do not.
 */
export interface DispatchCache {
  /** Undefined: the listener's intents do not admit it. */
  get(event: HubEvent, inGuild: boolean, listener: Recipient): Dispatch | undefined
}

export function createDispatchCache(encoder: EventEncoder): DispatchCache {
  // Events are shared by all sessions of a guild and go with the last of them.
  const encoded = new WeakMap<HubEvent, { whole?: Dispatch; bare?: Dispatch; quoting?: Dispatch }>()
  return {
    get(event, inGuild, listener) {
      if (!intentsAdmit(listener.intents, event.type, inGuild) && !isOwn(event, listener.userId))
        return undefined
      let forms = encoded.get(event)
      if (!forms) {
        forms = {}
        encoded.set(event, forms)
      }
      if (seesContent(event, inGuild, listener)) {
        forms.whole ??= new Dispatch(encoder, event.type, event.data)
        return forms.whole
      }
      // Of one's own words only one person is the author, so this form is one person's.
      if (quotes(event, listener.userId)) {
        forms.quoting ??= new Dispatch(encoder, event.type, withoutOwnContent(event.data))
        return forms.quoting
      }
      forms.bare ??= new Dispatch(encoder, event.type, withoutContent(event.data))
      return forms.bare
    },
  }
}

/**
 * A change of oneself is told whatever the intents: nobody should have to guess which roles they
 * have.
 */
const isOwn = (event: HubEvent, me: UserId): boolean =>
  event.type === 'GUILD_MEMBER_UPDATE' && (event.data as { user?: { id?: string } }).user?.id === me

const hasContent = (type: string): boolean => type === 'MESSAGE_CREATE' || type === 'MESSAGE_UPDATE'

function seesContent(event: HubEvent, inGuild: boolean, { userId, intents }: Recipient): boolean {
  if (!hasContent(event.type) || !inGuild || (intents & Intent.MessageContent) !== 0) return true
  return event.authorId === userId || event.mentions?.includes(userId) === true
}

/**
 * discord.js and its kin take what is quoted for news of the message that they hold: a quote
 * without words would empty their own.
 */
const quotes = ({ type, data }: HubEvent, me: UserId): boolean =>
  hasContent(type) &&
  (data as { referenced_message?: { author?: { id?: string } } | null }).referenced_message?.author
    ?.id === me

/** Of what a message quotes, it leaves all. */
const withoutOwnContent = (data: object): object => ({
  ...data,
  content: '',
  embeds: [],
  attachments: [],
  components: [],
})

function withoutContent(data: object): object {
  const { referenced_message } = data as { referenced_message?: object | null }
  const bare = withoutOwnContent(data)
  return referenced_message
    ? { ...bare, referenced_message: withoutContent(referenced_message) }
    : bare
}

/** Who a session is, and what it asked for when it said so. */
export interface Identity {
  readonly id: string
  readonly user: User
  readonly intents: number
  readonly largeThreshold: number
  readonly shard: Shard | undefined
  readonly presence: Presence
  readonly version: number
  readonly resumeUrl: string
}

/** What a session is told first. Its guilds come after it, one by one. */
export function readyPayload(
  { id, user, shard, version, resumeUrl }: Identity,
  guilds: readonly GuildId[],
  privateChannels: readonly object[],
): object {
  return {
    v: version,
    user: { ...userToWire(user), verified: true, email: null, mfa_enabled: false },
    guilds: guilds.map((guild) => ({ id: guild, unavailable: true })),
    session_id: id,
    session_type: 'normal',
    resume_gateway_url: resumeUrl,
    ...(shard ? { shard } : {}),
    application: { id: user.id, flags: APPLICATION_FLAGS },
    private_channels: privateChannels,
    presences: [],
    relationships: [],
    user_settings: {},
    guild_join_requests: [],
    geo_ordered_rtc_regions: [],
    _trace: [],
  }
}

/** The whole of a guild as one session may see it. */
export function guildCreatePayload(
  view: GuildView,
  members: readonly Member[],
  presences: ReadonlyMap<UserId, Presence>,
  listener: Recipient & { readonly largeThreshold: number; readonly announced: boolean },
): object {
  const byId = new Map(members.map((m) => [m.user.id, m]))
  return {
    ...guildToWire(view.guild, view.roles),
    joined_at: timeToWire(view.me.joinedAt || timeOf(view.guild.id)),
    large: view.memberCount > listener.largeThreshold,
    // Of a guild that READY announced. Without it discord.py and its kin take the guild for one
    // that was joined just now.
    ...(listener.announced ? { unavailable: false } : {}),
    member_count: view.memberCount,
    members: members.map(memberToWire),
    channels: view.channels.map((channel) =>
      channelToWire(channel, { lastMessageId: view.lastMessages.get(channel.id) }),
    ),
    presences:
      (listener.intents & Intent.GuildPresences) === 0
        ? []
        : [...presences].map(([user, presence]) => presenceToWire(view.guild.id, user, presence)),
    voice_states: view.voiceStates.map((v) =>
      voiceStateToWire(view.guild.id, v.userId, v, byId.get(v.userId)),
    ),
    threads: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  }
}
