/**
 * oceanic.js is a fork of eris, so that one script drives both. These are the parts of their
 * objects that mean the same in both. `Dialect` has the calls that differ.
 */
export interface Client {
  readonly user: { readonly id: string; readonly username: string }
  readonly guilds: ReadonlyMap<string, Guild>
  readonly shards: { get(id: number): { readonly sessionID: string | null } | undefined }
  connect(): Promise<void>
  getChannel(id: string): unknown
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
}

export interface Guild {
  readonly id: string
  readonly name: string
  readonly ownerID: string | null
  readonly memberCount: number
  readonly channels: ReadonlyMap<string, { readonly type: number }>
  readonly roles: ReadonlyMap<string, { readonly name: string }>
  createRole(options: { name: string; color: number; permissions: unknown }): Promise<Role>
  addMemberRole(userId: string, roleId: string): Promise<void>
  removeMemberRole(userId: string, roleId: string): Promise<void>
  fetchMembers(options: {
    presences?: boolean
    query?: string
    limit?: number
    userIDs?: string[]
  }): Promise<{ readonly id: string }[]>
}

export interface Role {
  readonly id: string
  readonly color: number
  edit(options: { name: string }): Promise<unknown>
  delete(): Promise<void>
}

export interface TextChannel {
  readonly id: string
  createMessage(options: {
    content: string
    messageReference?: { messageID: string }
    allowedMentions?: { repliedUser: boolean }
  }): Promise<Message>
  getMessage(id: string): Promise<Message>
  getMessages(options: object): Promise<Message[]>
  deleteMessages(ids: string[]): Promise<unknown>
  sendTyping(): Promise<void>
  createInvite(options: { maxAge: number }): Promise<{ readonly code: string }>
  getInvites(): Promise<{ readonly code: string }[]>
  edit(options: { topic: string; name: string }): Promise<unknown>
  delete(): Promise<unknown>
}

export interface Message {
  readonly id: string
  readonly content: string
  readonly author: { readonly id: string }
  readonly member?: { readonly id: string } | null
  readonly guildID?: string | null
  readonly timestamp: number | Date
  readonly editedTimestamp?: number | Date | null
  readonly messageReference?: { readonly messageID?: string } | null
  readonly referencedMessage?: { readonly content: string } | null
  edit(options: { content: string }): Promise<Message>
  delete(): Promise<void>
}

export interface Dialect {
  readonly name: string
  /** The library's number or text of MANAGE_MESSAGES, for a new role. */
  readonly manageMessages: unknown
  /** Whether events about members and roles have the guild as their first argument. */
  readonly guildFirst: boolean
  connect(base: string, token: string): Client
  disconnect(client: Client): void
  /** Only in oceanic.js. */
  applicationId?(client: Client): string
  /** Whether an error is a refusal by the API with this code. */
  isRefusal(error: unknown, status: number, code: number): boolean

  isPermitted(client: Client, guild: Guild, permission: 'administrator' | 'manageMessages'): boolean
  approximateMemberCount(client: Client, guild: Guild): Promise<number | undefined>
  addMember(guild: Guild, user: { id: string; token: string }): Promise<void>
  kickMember(guild: Guild, userId: string): Promise<void>
  /** All members by REST, and the username of one of them. */
  restMembers(guild: Guild): Promise<{ readonly id: string }[]>
  restUsername(guild: Guild, userId: string): Promise<string>
  /** Creates a channel that is hidden from @everyone. */
  createHiddenChannel(guild: Guild, name: string, topic: string): Promise<TextChannel>
  isHidden(channel: TextChannel, guildId: string): boolean
  showChannel(channel: TextChannel, userId: string): Promise<void>
  fetchChannel(client: Client, id: string): Promise<unknown>
  fetchInvite(client: Client, code: string): Promise<(string | undefined)[]>

  isMentioned(message: Message, userId: string): boolean
  react(message: Message, emoji: string): Promise<void>
  unreact(message: Message, emoji: string): Promise<void>
  reactors(message: Message, emoji: string): Promise<{ readonly id: string }[]>
  reactionCount(message: Message, emoji: string): number | undefined
  /** The emoji and the user of a reaction event. */
  reactionOf(args: readonly unknown[]): { readonly emoji?: string; readonly userId: string }
  sendDirect(client: Client, userId: string, content: string): Promise<unknown>
  /** Replies in the channel of a direct message. */
  replyDirect(client: Client, message: Message, content: string): Promise<unknown>
  channelOf(message: Message): string
  /** The id of the only match. */
  search(client: Client, guild: Guild, word: string): Promise<string | undefined>

  setStatus(client: Client, status: 'dnd' | 'idle', watching?: string): Promise<void>
  presenceOf(args: readonly unknown[]): {
    readonly userId: string
    readonly status: string | undefined
    readonly activity: string | undefined
  }
  /** Resolves to endpoint and token of the voice server, once the client has joined a channel. */
  voiceServer(client: Client, guild: Guild, resolve: (server: string) => void): void
  moveVoice(client: Client, guild: Guild, channelId: string | null): void
  /** The channel and the self-deaf flag of a member in a call. */
  voiceState(client: Client, guild: Guild, userId: string): unknown
}
