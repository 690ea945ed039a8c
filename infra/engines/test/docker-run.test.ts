import { spawnSync } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { which } from '../src/process/which.ts'
import { tempFolder } from './helpers.ts'

const SCRIPT = fileURLToPath(new URL('../../docker/run.sh', import.meta.url))

/** Runs the script with only these programs on the PATH, and with a cache of its own. */
async function runOn(use: AsyncDisposableStack, programs: readonly string[], ...command: string[]) {
  const [path, cache] = [await tempFolder(use), await tempFolder(use)]
  for (const name of programs) await symlink((await which(name))!, join(path, name))
  const bash = (await which('bash'))!
  const options = { encoding: 'utf8', timeout: 20_000 } as const
  const { status, stdout } = spawnSync(bash, [SCRIPT, ...command], {
    ...options,
    env: { PATH: path, HOME: cache, THRESHOLD_CACHE: cache },
  })
  return { status, stdout }
}

describe('the script that starts its own Docker daemon', () => {
  it('prints in one line why the machine cannot run Docker, and exits with 77, which CI counts as skipped', async () => {
    await using use = new AsyncDisposableStack()
    const { status, stdout } = await runOn(use, ['dirname', 'uname'], 'true')
    expect(stdout).toMatch(
      /^docker: cannot run here: (a private daemon needs Linux|only root can start a daemon|its packages come from apt, .*)\n$/,
    )
    expect(status).toBe(77)
  })

  it('does not exit with 77 if the command is missing', async () => {
    await using use = new AsyncDisposableStack()
    expect(await runOn(use, ['dirname'])).toEqual({
      status: 2,
      stdout: 'docker: missing command: infra/docker/run.sh COMMAND…\n',
    })
  })
})
