import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CodedError, messageOf } from '@threshold/kit'
import { z } from 'zod'
import type { StartCassandraOptions } from '../cassandra/engine.ts'
import { startCassandra } from '../cassandra/start.ts'
import { enginesConfig } from '../config.ts'
import { type Engine, engineLabelSchema } from '../engine.ts'
import { type StartMongoOptions, startMongo } from '../mongodb/start.ts'
import { startOpenSearch } from '../opensearch/start.ts'
import { LOOPBACK } from '../process/ports.ts'
import type { OnProgress } from '../progress.ts'

declare module 'vitest' {
  interface ProvidedContext {
    thresholdEngineHost: string
  }
}

/** The host's answer to a test process. */
const sharedSchema = z.object({ uri: z.string(), label: engineLabelSchema })
export type SharedEngine = z.infer<typeof sharedSchema>

/** A named provider may take the time to install first, the default one may not. */
export function testEngine(): Pick<
  StartMongoOptions & StartCassandraOptions,
  'provider' | 'prefer'
> {
  const provider = enginesConfig().testEngine
  return provider === undefined ? { prefer: 'quick' } : { provider, prefer: 'lab' }
}

/** A small node that lives for minutes, on the same provider as the other test engines. */
export const testCassandra = (): StartCassandraOptions => ({ ...testEngine(), shortLived: true })

export interface EngineHost extends AsyncDisposable {
  readonly url: string
}

const STARTS = {
  mongodb: (onProgress: OnProgress): Promise<Engine> => startMongo({ ...testEngine(), onProgress }),
  cassandra: (onProgress: OnProgress): Promise<Engine> =>
    startCassandra({ ...testCassandra(), unsafeSystem: true, onProgress }),
  opensearch: (onProgress: OnProgress): Promise<Engine> =>
    startOpenSearch({ ...testEngine(), shortLived: true, onProgress }),
}
export type HostedKind = keyof typeof STARTS
const KINDS = Object.keys(STARTS) as HostedKind[]

/**
 * Holds the engines that the tests of a run share. Each starts at the first request, so a run
 * without engines costs nothing. Test processes send requests over loopback: they share nothing
 * else with the vitest process that outlives them.
 */
export async function startEngineHost(onProgress: OnProgress): Promise<EngineHost> {
  const engines = new Map<HostedKind, Promise<Engine>>()
  const engineOf = (kind: HostedKind): Promise<Engine> => {
    const engine = engines.get(kind) ?? STARTS[kind](onProgress)
    engines.set(kind, engine)
    return engine
  }
  const server = createServer(async (request, response) => {
    try {
      const kind = KINDS.find((each) => request.url === `/${each}`) ?? 'mongodb'
      const { uri, label } = await engineOf(kind)
      response.end(JSON.stringify({ uri, label } satisfies SharedEngine))
    } catch (error) {
      response.statusCode = 503
      response.end(messageOf(error))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve))
  server.unref()
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      await close(server)
      const all = await Promise.allSettled(engines.values())
      await Promise.all(
        all.map((engine) => (engine.status === 'fulfilled' ? engine.value.stop() : undefined)),
      )
    },
  }
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

const NONE: Record<HostedKind, string> = {
  mongodb: 'NO_MONGODB',
  cassandra: 'NO_CASSANDRA',
  opensearch: 'NO_OPENSEARCH',
}

export async function fetchSharedEngine(url: string, kind: HostedKind): Promise<SharedEngine> {
  const answer = await fetch(`${url}/${kind}`)
  const text = await answer.text()
  if (!answer.ok) throw new CodedError(NONE[kind], text, { next: 'npx threshold doctor' })
  return sharedSchema.parse(JSON.parse(text))
}
