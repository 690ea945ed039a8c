import { startFirstAvailable } from '../first-available.ts'
import { noProgress, type OnProgress } from '../progress.ts'
import type { NatsEngine, StartNatsOptions } from './engine.ts'
import { NATS_PROVIDERS } from './provider.ts'

/**
 * Connects to or starts a NATS with the first provider that works, in the order external, Docker,
 * native, and returns when JetStream answers. Throws NO_NATS with every provider's reason if none
 * works. If the options leave one provider and its start fails, that error is thrown.
 */
export async function startNats(
  options: StartNatsOptions & { onProgress?: OnProgress } = {},
): Promise<NatsEngine> {
  const { onProgress = noProgress, prefer = 'quick', managed = false } = options
  const candidates = NATS_PROVIDERS.filter(
    ({ provider }) =>
      (options.provider === undefined || provider === options.provider) &&
      !(managed && provider === 'external'),
  ).map((provider) => ({
    name: provider.name,
    available: () => provider.available(prefer),
    start: () => provider.start(options, onProgress),
  }))
  return await startFirstAvailable(candidates, { code: 'NO_NATS', product: 'NATS', onProgress })
}
