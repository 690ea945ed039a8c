/**
 * What every client library must be able to do, in the order it is done. The same for all: what
 * differs is the idiom. A case is `clients.<library>.<step>`; the people in it are Ada, who owns
 * the guild, and Bob, who joins it, each a client of the library under test.
 */
export const STEPS = [
  {
    id: 'login',
    says: 'logs two users in with workshop tokens, only addresses changed, and is ready',
  },
  { id: 'guild', says: 'knows its guild, owner, channels and roles from GUILD_CREATE' },
  { id: 'join', says: 'sees a member join, and the joiner the guild' },
  { id: 'send', says: 'sends a message that the other client receives whole' },
  { id: 'reply', says: 'replies, and the reply knows what it answers' },
  { id: 'edit', says: 'edits a message, seen by the other' },
  { id: 'react', says: 'adds, lists and removes reactions' },
  { id: 'collect', says: 'collects messages with the means of the library' },
  { id: 'delete', says: 'deletes a message, seen by the other' },
  { id: 'bulk-delete', says: 'deletes several messages at once' },
  { id: 'history', says: 'pages through history, backwards, forwards and around' },
  { id: 'channel', says: 'creates a channel that overwrites hide, opens it, edits and deletes it' },
  { id: 'role', says: 'creates, gives, takes, edits and deletes a role' },
  { id: 'members', says: 'fetches members in chunks, all, by name and by id' },
  { id: 'typing', says: 'types, seen by the other' },
  { id: 'presence', says: 'changes its presence, seen by the other' },
  { id: 'dm', says: 'talks in a direct message' },
  { id: 'invite', says: 'creates an invite and looks it up' },
  { id: 'voice', says: 'joins and leaves a voice channel and is told of a voice server' },
  { id: 'search', says: 'searches the guild for a word' },
  { id: 'error', says: 'understands refusals: a text too long, an unknown message' },
  { id: 'kick', says: 'removes a member, who loses the guild, and takes them back' },
  { id: 'reconnect', says: 'comes back by itself after its socket is cut' },
  { id: 'zombie', says: 'gives up a socket that has gone silent, and comes back' },
  { id: 'close', says: 'closes, is seen to go offline, and its process ends' },
] as const

export type StepId = (typeof STEPS)[number]['id']

/**
 * Without these there is nothing to go on with; after any other failure the rest is still worth
 * knowing.
 */
export const FOUNDATIONS: readonly StepId[] = ['login', 'guild', 'join']

export interface Person {
  readonly id: string
  readonly username: string
  readonly token: string
}

/** What a client is told before it starts; the first line on its standard input. */
export interface World {
  /** What to do, in this order; a failure of one that is a foundation ends it. */
  readonly steps: readonly StepId[]
  readonly foundations: readonly StepId[]
  /** Origin of the server, or of a link before it: `http://127.0.0.1:1234`. */
  readonly base: string
  /** Whether sessions can be resumed here: then what was missed must come, exactly once. */
  readonly resume: boolean
  readonly ada: Person
  readonly bob: Person
  readonly guildId: string
  readonly guildName: string
  readonly textId: string
  readonly voiceId: string
  /** Members who are never online, for fetching. Their names begin with `guest`. */
  readonly guests: readonly string[]
  /** Milliseconds a step may take. */
  readonly patience: number
}

/**
 * A line on a client's standard output. What is not such a line is the library talking, and is kept
 * for a failure's report.
 */
export type Line =
  | { readonly step: StepId; readonly ok: true; readonly ms: number }
  | { readonly step: StepId; readonly ok: false; readonly ms: number; readonly why: string }
  | { readonly note: string }
  | { readonly ask: Ask; readonly id: number }

/**
 * What a client cannot do by itself: `join` puts Bob into the guild where the library has no method
 * for it; `cut` ends both gateway sockets as a broken network does and has Ada's account send a
 * message before they may come back, whose content is the answer; `mute` keeps everything that the
 * server says from both until they give their sockets up.
 */
export type Ask = 'join' | 'cut' | 'mute'
