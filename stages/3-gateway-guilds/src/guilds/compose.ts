import { isSnowflake } from '@threshold/contract'
import { lifecycle, pingCheck, type Runtime } from '@threshold/kit'
import { typescriptMemberList } from '@threshold/stage-1/adapters/member-list.typescript'
import { typescriptPermissions } from '@threshold/stage-1/adapters/permissions.typescript'
import { serveHttp } from '@threshold/stage-1/http'
import type { RunningStage } from '@threshold/stage-1/run'
import { startGuildHost } from '../actors/host.ts'
import { startWatchdog } from '../actors/watchdog.ts'
import type { Config } from '../config.ts'
import { connectNats } from '../nats/connect.ts'
import { partitionOf } from '../nats/partitions.ts'
import { openStores } from '../stores.ts'

/** Leaves the guild host time to hand all its partitions over. */
const CLOSE_WITHIN_MS = 18_000

/** The role that owns guilds and users: a share of the partitions. */
export async function startGuilds(config: Config, runtime: Runtime): Promise<RunningStage> {
  const { open, close } = lifecycle(runtime, { closeWithinMs: CLOSE_WITHIN_MS })

  const nats = await open('NATS', connectNats(config.nats, 'guilds', runtime))
  const { metadata, messages } = await openStores(open, config, runtime)
  const permissions = typescriptPermissions()
  const watch = (leaseKey: string) =>
    startWatchdog({ nats: config.nats, leaseKey, ...config.watchdog })
  const ports = { metadata, messages, permissions, memberList: typescriptMemberList, watch }
  const host = await open('guild host', startGuildHost(nats, ports, runtime))

  const readiness = [nats.readiness, pingCheck('MongoDB', metadata.ping)]
  const ownsGuild = (guild: string) =>
    isSnowflake(guild) && host.owned().includes(partitionOf(guild))
  const parts = { routers: [], readiness, ownsGuild }
  const http = await open('HTTP', serveHttp(parts, config.http, runtime))
  return { url: http.url, close }
}
