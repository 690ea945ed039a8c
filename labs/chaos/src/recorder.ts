import { GatewaySession, type SessionOptions } from '@threshold/lab-kit'
import type { ReceivedEvent, Session } from './history.ts'

export interface RecordedClient {
  readonly client: string
  readonly user: string
  readonly session: Pick<GatewaySession, 'open' | 'close'>
  /** All events that it has received so far. */
  sessions(): Session[]
  /** How often it resumed. */
  resumptions(): number
  /** Whether it has a socket with a session now. */
  isOpen(): boolean
}

interface RecorderOptions
  extends Pick<SessionOptions, 'gateways' | 'token' | 'guildId' | 'random'> {
  readonly client: string
  readonly user: string
  /** Milliseconds since the start of the run. */
  readonly nowMs: () => number
}

const TEXT_CHANNEL = 0

/** A client that reconnects and resumes as client libraries do, and keeps what it receives. */
export function recordClient({ client, user, nowMs, ...options }: RecorderOptions): RecordedClient {
  const sessions: Omit<Session, 'isOpen'>[] = []
  let isOpen = true
  const session = new GatewaySession({
    ...options,
    reconnect: true,
    onMessage: () => {},
    onDispatch(type, s, data) {
      if (type === 'READY') sessions.push({ client, user, received: [] })
      const event = eventOf(type, data, options.guildId)
      sessions.at(-1)?.received.push({ atMs: nowMs(), s, event })
    },
    onDrop: () => {
      isOpen = false
    },
    onReturn: () => {
      isOpen = true
    },
  })
  return {
    client,
    user,
    session,
    resumptions: () =>
      sessions
        .flatMap(({ received }) => received)
        .filter(({ event }) => event.kind === 'other' && event.type === 'RESUMED').length,
    sessions: () =>
      sessions.map((each, i) => ({ ...each, isOpen: isOpen && i === sessions.length - 1 })),
    isOpen: () => isOpen,
  }
}

function eventOf(type: string, data: unknown, guild: string): ReceivedEvent {
  const {
    id,
    channel_id,
    type: kind,
    content = '',
    channels = [],
  } = data as {
    id: string
    channel_id?: string
    type: number
    content?: string
    channels?: { id: string; type: number }[]
  }
  switch (type) {
    case 'MESSAGE_CREATE':
      return { kind: 'message', id, channel: channel_id!, content }
    case 'GUILD_CREATE':
      if (id !== guild) break
      return {
        kind: 'guild',
        channels: channels.flatMap((each) => (each.type === TEXT_CHANNEL ? [each.id] : [])),
      }
    case 'CHANNEL_CREATE':
      if (kind === TEXT_CHANNEL) return { kind: 'shown', channel: id }
      break
    case 'CHANNEL_DELETE':
      if (kind === TEXT_CHANNEL) return { kind: 'hidden', channel: id }
  }
  const channel = type.startsWith('CHANNEL_') ? id : channel_id
  return { kind: 'other', type, ...(channel === undefined ? {} : { channel }) }
}
