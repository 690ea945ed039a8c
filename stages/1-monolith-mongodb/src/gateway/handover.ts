import type { GuildId } from '@threshold/contract'
import type { Runtime } from '@threshold/kit'

/** Another process is about to go on with a session. */
export class Handover {
  /** Names the snapshot that the other process has. */
  readonly token: string
  /** The guilds of the snapshot. */
  readonly guilds: ReadonlySet<GuildId>
  /** Guilds that the user has joined since. */
  readonly joined: GuildId[]
  /** The other process has subscribed, and this session receives nothing more. */
  closing = false

  constructor(
    guilds: readonly GuildId[],
    earlier: Handover | undefined,
    { random }: Pick<Runtime, 'random'>,
  ) {
    this.token = random(16).toString('hex')
    this.guilds = new Set(guilds)
    this.joined = earlier?.joined ?? []
  }
}
