/** A kind of guild, and how much goes on in each of them. */
export interface Group {
  readonly name: string
  readonly guilds: number
  /** Members of each guild that have a socket open. */
  readonly online: number
  readonly channels: number
  /** Over all guilds of the group together. */
  readonly messagesPerSecond: number
  /**
   * So many of them come at the same moment, as when everybody answers the same word. Without it,
   * each by itself.
   */
  readonly burst?: number
  /**
   * Pages of a channel's latest fifty messages: what a client loads when somebody looks into a
   * channel.
   */
  readonly readsPerSecond: number
  /**
   * What was said before anybody came. Reads then go anywhere in it, and not to the latest fifty.
   */
  readonly history?: History
}

/** Of each channel. */
export interface History {
  readonly messages: number
  readonly days: number
  /** Of each message. */
  readonly characters: number
}

/**
 * What people do to a stage, as plain data. The same data and the same seed give the same load to
 * the microsecond.
 */
export interface Load {
  readonly v: 1
  readonly groups: readonly Group[]
  readonly seconds: number
  /**
   * Sent before the seconds that count: compilers, caches and connection pools are not what a lab
   * is about.
   */
  readonly warmupSeconds: number
  readonly seed: number
  /**
   * How long a sender waits for an answer, from the moment the send was due. Then it counts as an
   * error.
   */
  readonly patienceSeconds: number
  /**
   * Whether a dropped socket comes back, as a client library's would: after a pause, by RESUME,
   * else by IDENTIFY.
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
  /** One guild unlike the others, beside them. */
  readonly huge?: {
    readonly online: number
    readonly messagesPerSecond: number
    readonly burst?: number
  }
  readonly seconds: number
  readonly warmupSeconds?: number
  readonly seed: number
  readonly patienceSeconds?: number
  readonly reconnect?: boolean
}

/** Guilds in which people talk: the load of every lab until one needs another. */
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
  const { warmupSeconds = 1, patienceSeconds = 5, reconnect = false } = options
  return {
    v: 1,
    groups:
      huge === undefined
        ? [ordinary]
        : [ordinary, { name: 'huge guild', guilds: 1, channels, readsPerSecond: 0, ...huge }],
    seconds: options.seconds,
    warmupSeconds,
    seed: options.seed,
    patienceSeconds,
    reconnect,
  }
}

/**
 * As many times the people: so many times the guilds, each as lively as before. A single community
 * that grows is another matter, since its fan-out grows with the square: see lab 1.4.
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

/** The people needed for any of these loads: the largest of each group. */
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

/** In words, for a report's reader. */
export function describeLoad(load: Load): string {
  const groups = load.groups.map((group) => {
    const guilds = group.guilds === 1 ? '1 guild' : `${group.guilds} guilds`
    const reads =
      group.readsPerSecond === 0 ? '' : ` and ${round(group.readsPerSecond)} history reads`
    const past =
      group.history === undefined
        ? ''
        : `, over ${(group.guilds * group.channels * group.history.messages).toLocaleString('en')} messages of the past`
    const bursts =
      (group.burst ?? 1) === 1 || group.messagesPerSecond === 0 ? '' : `, ${group.burst} at a time`
    return `${guilds} with ${group.online} online each, ${round(group.messagesPerSecond)} messages${reads} a second${bursts}${past}`
  })
  return `${groups.join('; ')}; for ${load.seconds} s`
}

const round = (value: number): number => Number(value.toPrecision(3))
