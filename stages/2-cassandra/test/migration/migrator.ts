import { type MigratorConfig, migrate, type StepName } from '../../src/migration/steps/index.ts'
import type { House } from './house.ts'

/**
 * Runs a step of the migrator in this process and answers what it said. It gives up at a moment,
 * where one is named.
 */
export function migrator(
  { uris, config: cassandra, runtime }: House,
  folder: string,
  more: Partial<MigratorConfig> = {},
) {
  return async (step: StepName, dieAt?: string): Promise<string> => {
    const said: string[] = []
    const teller = {
      say: (line: string) => void said.push(line),
      progress: () => {},
      moment: (name: string) => dieIf(name === dieAt, name),
    }
    const config = {
      mongodb: { uri: uris.mongodb },
      cassandra,
      folder,
      concurrency: 4,
      rate: undefined,
      policy: 'queue' as const,
      shadow: 1,
      ...more,
    }
    await migrate(step, 'decommission', config, teller, runtime)
    return said.join('\n')
  }
}

function dieIf(now: boolean, name: string): void {
  if (now) throw new Error(name)
}
