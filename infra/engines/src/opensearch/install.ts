import { copyFile, mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { installTool } from '../cache.ts'
import { fetchJars } from '../maven.ts'
import type { OnProgress } from '../progress.ts'
import { OPENSEARCH_REQUIREMENTS, TOOLS, VERSIONS } from '../versions.ts'

/** OpenSearch loads the jars of its HTTP server in a class loader of their own. */
const MODULE = join('modules', 'transport-netty4')
const IN_MODULE = /^(netty|transport-netty4)-/
const MODULE_FILES = ['plugin-descriptor.properties', 'plugin-security.policy']

/** Fetches about sixty jars, 45 MB, once, and arranges them as a distribution does. */
export async function installOpenSearch(onProgress: OnProgress): Promise<string> {
  return await installTool(
    TOOLS.opensearch,
    async (dir) => {
      const jars = {
        product: `OpenSearch ${VERSIONS.opensearch}`,
        text: `fetching OpenSearch ${VERSIONS.opensearch} (45 MB, under a minute, once)`,
        pom: join(OPENSEARCH_REQUIREMENTS, 'pom.xml'),
      }
      await fetchJars(dir, jars, onProgress)
      // A server creates the folders of a distribution that it misses.
      for (const folder of ['bin', 'plugins', MODULE])
        await mkdir(join(dir, folder), { recursive: true })
      for (const jar of await readdir(join(dir, 'lib')))
        if (IN_MODULE.test(jar)) await rename(join(dir, 'lib', jar), join(dir, MODULE, jar))
      for (const file of MODULE_FILES)
        await copyFile(join(OPENSEARCH_REQUIREMENTS, file), join(dir, MODULE, file))
    },
    onProgress,
  )
}
