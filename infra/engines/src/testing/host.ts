import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CodedError, messageOf } from '@threshold/kit'
import { z } from 'zod'
import { enginesConfig } from '../config.ts'
import { type Engine, engineLabelSchema } from '../engine.ts'
import { type StartMongoOptions, startMongo } from '../mongodb/start.ts'
import { LOOPBACK } from '../process/ports.ts'
import type { OnProgress } from '../progress.ts'

/** What the host tells a test's process about its engine. */
const leasedSchema = z.object({ uri: z.string(), label: engineLabelSchema })
export type SharedEngine = z.infer<typeof leasedSchema>

/** Whoever names a provider for the tests waits for what it must fetch first. */
export function testEngine(): Pick<StartMongoOptions, 'provider' | 'prefer'> {
  const provider = enginesConfig().testEngine
  return provider === undefined ? { prefer: 'quick' } : { provider, prefer: 'lab' }
}

export interface EngineHost extends AsyncDisposable {
  readonly url: string
}

/**
 * Holds the one engine that the tests of a run share. It starts the engine when the first test asks, so that a run of pure
 * tests pays nothing; test processes ask over loopback, because they share nothing else with the process that outlives them.
 */
export async function startEngineHost(onProgress: OnProgress): Promise<EngineHost> {
  let engine: Promise<Engine> | undefined
  const server = createServer(async (_request, response) => {
    try {
      engine ??= startMongo({ ...testEngine(), onProgress })
      const { uri, label } = await engine
      response.end(JSON.stringify({ uri, label } satisfies SharedEngine))
    } catch (error) {
      response.statusCode = 503
      response.end(messageOf(error))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve))
  server.unref()
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}/mongodb`,
    async [Symbol.asyncDispose]() {
      await close(server)
      const started = await engine?.catch(() => undefined)
      await started?.stop()
    },
  }
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
}

export async function askEngineHost(url: string): Promise<SharedEngine> {
  const answer = await fetch(url)
  const text = await answer.text()
  if (!answer.ok) throw new CodedError('NO_MONGODB', text, { next: 'npx threshold doctor' })
  return leasedSchema.parse(JSON.parse(text))
}
