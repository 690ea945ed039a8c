/**
 * The scenario that every client library plays, in this order. The steps are the same for all; each
 * library uses its own idiom. A case is `clients.<library>.<step>`. The users are Ada, who owns the
 * guild, and Bob, who joins it. Each is a client of the library under test.
 */
export const STEPS = [
  {
    id: 'login',
    description: 'logs two users in with workshop tokens and changed addresses, and is ready',
  },
  { id: 'guild', description: 'has its guild, owner, channels and roles from GUILD_CREATE' },
  { id: 'join', description: 'sees a member join, and the new member sees the guild' },
  { id: 'send', description: 'sends a message that the other client receives whole' },
  { id: 'reply', description: 'replies, and the reply contains the message it replies to' },
  { id: 'edit', description: 'edits a message, and the other client sees it' },
  { id: 'react', description: 'adds, lists and removes reactions' },
  { id: 'collect', description: 'collects messages with the means of the library' },
  { id: 'delete', description: 'deletes a message, and the other client sees it' },
  { id: 'bulk-delete', description: 'deletes several messages at once' },
  { id: 'history', description: 'pages through history, backwards, forwards and around' },
  {
    id: 'channel',
    description: 'creates a channel hidden by overwrites, opens it, edits and deletes it',
  },
  { id: 'role', description: 'creates, assigns, removes, edits and deletes a role' },
  { id: 'members', description: 'fetches members in chunks, all, by name and by id' },
  { id: 'typing', description: 'starts typing, and the other client sees it' },
  { id: 'presence', description: 'changes its presence, and the other client sees it' },
  { id: 'dm', description: 'exchanges direct messages' },
  { id: 'invite', description: 'creates an invite and looks it up' },
  { id: 'voice', description: 'joins and leaves a voice channel and receives a voice server' },
  { id: 'search', description: 'searches the guild for a word' },
  { id: 'error', description: 'reports refusals: a text too long, an unknown message' },
  { id: 'kick', description: 'removes a member, who loses the guild, and adds them again' },
  { id: 'reconnect', description: 'reconnects by itself after its socket is cut' },
  { id: 'zombie', description: 'drops a silent socket, and reconnects' },
  { id: 'close', description: 'closes, is seen offline, and its process exits' },
] as const

export type StepId = (typeof STEPS)[number]['id']

/** A failure of one of these ends the scenario. The client continues after any other. */
export const ESSENTIAL_STEPS: readonly StepId[] = ['login', 'guild', 'join']

export interface TestUser {
  readonly id: string
  readonly username: string
  readonly token: string
}

/** The first line on a client's standard input. */
export interface ScenarioSetup {
  /** The steps to play, in this order. */
  readonly steps: readonly StepId[]
  readonly essential: readonly StepId[]
  /** Origin of the server, or of a link to it: `http://127.0.0.1:1234`. */
  readonly base: string
  /** The address of a gateway, for a library that does not ask the server for it. */
  readonly gateway: string
  /** Whether the server resumes sessions. Missed events must then arrive, each once. */
  readonly resume: boolean
  readonly ada: TestUser
  readonly bob: TestUser
  readonly guildId: string
  readonly guildName: string
  readonly textId: string
  readonly voiceId: string
  /** Members who are never online. Their names begin with `guest`. */
  readonly guests: readonly string[]
  readonly stepTimeoutMs: number
}

/**
 * A line on a client's standard output. Other lines are the library's own output, which the harness
 * keeps for the report of a failure.
 */
export type ReportLine =
  | { readonly step: StepId; readonly ok: true; readonly ms: number }
  | { readonly step: StepId; readonly ok: false; readonly ms: number; readonly error: string }
  | { readonly note: string }
  | { readonly request: HarnessRequest; readonly id: number }

/**
 * An action that a client requests from the harness.
 * - `join` adds Bob to the guild, for libraries without a method for it.
 * - `cut` resets both gateway sockets, and has Ada's account send a message before they may
 *   reconnect. The content of that message is the response.
 * - `stall` withholds all data from the server until the clients drop their sockets.
 */
export type HarnessRequest = 'join' | 'cut' | 'stall'
