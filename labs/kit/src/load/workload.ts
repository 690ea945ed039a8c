/** A number of equal guilds and their activity. */
export interface Group {
  readonly name: string
  readonly guilds: number
  /** Members with an open socket in each guild. */
  readonly online: number
  readonly channels: number
  /** Rate over all guilds of the group. */
  readonly messagesPerSecond: number
  /** Messages that are due at the same moment, as when many members answer at once. Default 1. */
  readonly burst?: number
  /**
   * Rate of history reads. Each reads fifty messages, as a client does when a channel is opened.
   */
  readonly readsPerSecond: number
  /**
   * Messages that exist before the load. Reads then begin anywhere in them instead of at the end.
   */
  readonly history?: History
}

/** The history of each channel. */
export interface History {
  readonly messages: number
  readonly days: number
  /** Length of each message. */
  readonly characters: number
}

/** A load as plain data. Equal data with an equal seed gives an identical schedule. */
export interface Load {
  readonly v: 1
  readonly groups: readonly Group[]
  readonly seconds: number
  /** Load before the measured seconds, to warm up compilers, caches and connection pools. */
  readonly warmupSeconds: number
  readonly seed: number
  /** Time from when an attempt is due until it counts as an error. */
  readonly timeoutSeconds: number
  /**
   * Whether a dropped socket reconnects like a client library's: after a pause, by RESUME and else
   * by IDENTIFY.
   */
  readonly reconnect: boolean
}

export interface BusyGuilds {
  readonly guilds: number
  readonly online: number
  readonly messagesPerSecond: number
  readonly readsPerSecond?: number
  readonly channels?: number
  readonly history?: History
  /** One very large guild beside the others. */
  readonly huge?: {
    readonly online: number
    readonly messagesPerSecond: number
    readonly burst?: number
  }
  readonly seconds: number
  readonly warmupSeconds?: number
  readonly seed: number
  readonly timeoutSeconds?: number
  readonly reconnect?: boolean
}

/** Builds a load of guilds whose members send and read messages. Most labs use it. */
export function busyGuilds(options: BusyGuilds): Load {
  const { readsPerSecond = 0, channels = 1, huge, history } = options
  const ordinary: Group = {
    name: huge === undefined ? 'guilds' : 'small guilds',
    guilds: options.guilds,
    online: options.online,
    channels,
    messagesPerSecond: options.messagesPerSecond,
    readsPerSecond,
    ...(history === undefined ? {} : { history }),
  }
  const { warmupSeconds = 1, timeoutSeconds = 5, reconnect = false } = options
  return {
    v: 1,
    groups:
      huge === undefined
        ? [ordinary]
        : [ordinary, { name: 'huge guild', guilds: 1, channels, readsPerSecond: 0, ...huge }],
    seconds: options.seconds,
    warmupSeconds,
    seed: options.seed,
    timeoutSeconds,
    reconnect,
  }
}

/**
 * Multiplies the number of guilds and all rates; each guild stays as active as before. A single
 * guild that grows is different, since its fan-out grows with the square of its size: see lab 1.4.
 */
export const times = (load: Load, factor: number): Load => ({
  ...load,
  groups: load.groups.map((group) => ({
    ...group,
    guilds: Math.round(group.guilds * factor),
    messagesPerSecond: group.messagesPerSecond * factor,
    readsPerSecond: group.readsPerSecond * factor,
  })),
})

/** Returns groups that are large enough for each of these loads. */
export function largestOf(loads: readonly Load[]): readonly Group[] {
  const groups = new Map<string, Group>()
  for (const group of loads.flatMap((load) => load.groups)) {
    const known = groups.get(group.name)
    groups.set(group.name, {
      ...group,
      guilds: Math.max(group.guilds, known?.guilds ?? 0),
      online: Math.max(group.online, known?.online ?? 0),
      channels: Math.max(group.channels, known?.channels ?? 0),
    })
  }
  return [...groups.values()]
}

/** Describes a load for the reader of a report. */
export const describeLoad = ({ groups, seconds }: Load): string =>
  `${groups.map(describeGroup).join('; ')}; for ${seconds} s`

function describeGroup(group: Group): string {
  const { messagesPerSecond, readsPerSecond, burst = 1, history } = group
  const guilds =
    group.guilds === 1
      ? `1 guild with ${group.online} online`
      : `${group.guilds} guilds with ${group.online} online each`
  const rates = [
    ...(messagesPerSecond === 0 ? [] : [`${round(messagesPerSecond)} messages`]),
    ...(readsPerSecond === 0 ? [] : [`${round(readsPerSecond)} history reads`]),
  ].join(' and ')
  return [
    guilds,
    rates === '' ? 'silent' : `${rates} per second`,
    ...(burst === 1 || messagesPerSecond === 0 ? [] : [`${burst} at a time`]),
    ...(history === undefined
      ? []
      : [`over a history of ${historyOf(group, history).toLocaleString('en')} messages`]),
  ].join(', ')
}

const historyOf = ({ guilds, channels }: Group, { messages }: History): number =>
  guilds * channels * messages

const round = (value: number): number => Number(value.toPrecision(3))
