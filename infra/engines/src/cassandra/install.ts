import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installTool } from '../cache.ts'
import { fetchJars } from '../maven.ts'
import type { OnProgress } from '../progress.ts'
import { CASSANDRA_REQUIREMENTS, TOOLS, VERSIONS } from '../versions.ts'

/** Fetches about a hundred jars, 67 MB, once. */
export async function installCassandra(onProgress: OnProgress): Promise<string> {
  return await installTool(
    TOOLS.cassandra,
    async (dir) => {
      const jars = {
        product: `Cassandra ${VERSIONS.cassandra}`,
        text: `fetching Cassandra ${VERSIONS.cassandra} (67 MB, under a minute, once)`,
        pom: join(CASSANDRA_REQUIREMENTS, 'pom.xml'),
      }
      await fetchJars(dir, jars, onProgress)
      await copyFile(join(CASSANDRA_REQUIREMENTS, 'logback.xml'), join(dir, 'logback.xml'))
    },
    onProgress,
  )
}
