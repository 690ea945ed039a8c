import type { StageProcess } from '@threshold/engines'
import type { ConformanceOptions } from './suite.ts'

const HEARTBEAT_MS = 5_000
const PUBLIC_ADDRESS = 'chat.example:8443'

/** The processes that the suite needs: all of one stage on the same databases. */
export interface ConformanceStages {
  /**
   * Starts the processes.
   *
   * @param start starts one process with these environment variables, and ends it after the tests
   */
  start(start: (env: Record<string, string>) => Promise<StageProcess>): Promise<void>
  /** Where the suite finds them, once they have started. */
  readonly options: ConformanceOptions
}

/** Where the stage serves sockets: at a gateway, or where its only process listens. */
const socketsOf = ({ roles, url }: StageProcess): string =>
  roles.find(({ role }) => role === 'gateway')?.url ?? url

export function conformanceStages(): ConformanceStages {
  let plain: StageProcess
  let limited: StageProcess
  let closed: StageProcess
  let published: StageProcess
  return {
    async start(startProcess) {
      let worker = 0
      // Each process needs a worker number of its own, so that no two make the same id.
      const start = (env: Record<string, string> = {}): Promise<StageProcess> =>
        startProcess({
          THRESHOLD_HEARTBEAT_MS: String(HEARTBEAT_MS),
          THRESHOLD_WORKER: String(worker++),
          ...env,
        })
      plain = await start()
      limited = await start({ THRESHOLD_RATE_REQUESTS: '5', THRESHOLD_RATE_SECONDS: '2' })
      closed = await start({ THRESHOLD_PROVISIONING: 'off' })
      published = await start({ THRESHOLD_PUBLIC_URL: `https://${PUBLIC_ADDRESS}` })
    },
    options: {
      baseUrl: () => plain.url,
      limitedUrl: () => limited.url,
      closedUrl: () => closed.url,
      published: () => ({
        baseUrl: published.url,
        gatewayUrl: `wss://${PUBLIC_ADDRESS}`,
        // The stage announces an address where nothing listens.
        socketUrl: `ws://${new URL(socketsOf(published)).host}`,
      }),
      heartbeatMs: HEARTBEAT_MS,
    },
  }
}
