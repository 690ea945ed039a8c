import { join } from 'node:path'
import type { OnProgress } from '../progress.ts'
import { installPythonPackage } from '../python.ts'
import { CQLSH_REQUIREMENTS, TOOLS, VERSIONS } from '../versions.ts'

export interface Cqlsh {
  readonly version: string
  /** The Python of its virtual environment. */
  readonly python: string
  /** The cqlsh script. */
  readonly path: string
}

/** Installs Cassandra's shell from PyPI, without a server. */
export async function installCqlsh(onProgress: OnProgress): Promise<Cqlsh> {
  const dir = await installPythonPackage(
    {
      tool: TOOLS.cqlsh,
      package: `cqlsh==${VERSIONS.cqlsh}`,
      title: `cqlsh ${VERSIONS.cqlsh}`,
      requirements: CQLSH_REQUIREMENTS,
    },
    onProgress,
  )
  return {
    version: VERSIONS.cqlsh,
    python: join(dir, 'bin', 'python'),
    path: join(dir, 'bin', 'cqlsh'),
  }
}
