import { migrate } from '@threshold/migration/migrator'
import type { Step } from '@threshold/migration/transitions'
import { type MigratorConfig, mongoCassandraPorts } from '../../src/migration/migrator.ts'
import type { Fixture } from './fixture.ts'

/**
 * Runs a step of the migrator in this process and returns its results. Throws at a failpoint where
 * one is named.
 */
export function migrator(
  { uris, config: cassandra, runtime }: Fixture,
  folder: string,
  more: Partial<MigratorConfig> = {},
) {
  return async (step: Step, dieAt?: string): Promise<string> => {
    const results: string[] = []
    const reporter = {
      result: (line: string) => void results.push(line),
      progress: () => {},
      failpoint: (name: string) => {
        if (name === dieAt) throw new Error(name)
      },
    }
    const config: MigratorConfig = {
      mongodb: { uri: uris.mongodb },
      cassandra,
      folder,
      concurrency: 4,
      rate: undefined,
      policy: 'queue',
      shadow: 1,
      ...more,
    }
    await using ports = await mongoCassandraPorts(config, runtime)
    await migrate(step, 'decommission', ports, config, reporter)
    return results.join('\n')
  }
}
