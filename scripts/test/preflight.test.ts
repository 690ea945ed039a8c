import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isPortFree } from '@threshold/engines'
import { describe, expect, it, vi } from 'vitest'
import { ROOT, temporaryCache, threshold } from './cli.ts'
import { runInProcess } from './run-in-process.ts'

const hasNamespaces =
  process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0

/** A port that another server listens on. */
async function takenPort(use: AsyncDisposableStack, host = '127.0.0.1'): Promise<string> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  use.defer(() => void server.close())
  return String((server.address() as AddressInfo).port)
}

function setEnv(use: AsyncDisposableStack, env: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  use.defer(() => void vi.unstubAllEnvs())
}

describe('a taken port is reported before anything starts', { timeout: 60_000 }, () => {
  it.each(['stage 1', 'stage 2', 'start', 'docs'])('by %s', async (command) => {
    await using use = new AsyncDisposableStack()
    const port = await takenPort(use)
    const { code, stdout, stderr } = await runInProcess([...command.split(' '), '--port', port])
    expect(stderr).toMatch(
      new RegExp(
        `^PORT_TAKEN: port ${port} \\(--port\\) is taken: another program listens on 127\\.0\\.0\\.1:${port}\n {2}→ .*--port`,
      ),
    )
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })

  it('for voice as well, and on the address of THRESHOLD_HOST', async () => {
    await using use = new AsyncDisposableStack()
    const port = await takenPort(use, '127.0.0.9')
    setEnv(use, { THRESHOLD_HOST: '127.0.0.9', THRESHOLD_VOICE_PORT: port })
    const { code, stderr } = await runInProcess(['stage', '1'])
    expect(stderr).toMatch(
      /^PORT_TAKEN: port \d+ \(THRESHOLD_VOICE_PORT\) is taken: another program listens on 127\.0\.0\.9:/,
    )
    expect(code).toBe(1)
  })

  it('when --port and THRESHOLD_VOICE_PORT are the same', async () => {
    await using use = new AsyncDisposableStack()
    setEnv(use, { THRESHOLD_VOICE_PORT: '23456' })
    expect((await runInProcess(['stage', '1', '--port', '23456'])).stderr).toMatch(
      /^PORT_TAKEN: .* are both 23456$/m,
    )
  })

  it.each(['192.0.2.1', 'no.such.host.invalid'])(
    'and so is an address that is not of this machine: %s',
    async (host) => {
      await using use = new AsyncDisposableStack()
      setEnv(use, { THRESHOLD_HOST: host })
      const { code, stderr } = await runInProcess(['stage', '1'])
      expect(stderr).toMatch(
        /^BAD_HOST: nothing can listen on \S+ \(THRESHOLD_HOST\).*\n {2}→ unset THRESHOLD_HOST/,
      )
      expect(code).toBe(1)
    },
  )
})

describe('a read-only repository', { timeout: 120_000 }, () => {
  const under = [
    'unshare',
    '--mount',
    'sh',
    '-c',
    `mount --bind ${ROOT} ${ROOT} && mount -o remount,ro,bind ${ROOT} && cd ${ROOT} && exec "$@"`,
    'sh',
  ]

  it.runIf(hasNamespaces).each([
    ['lab 1.1 --tiny --no-predict', 'the report of the lab'],
    ['start --once', 'the report of the lab'],
    ['migrate mongo-cassandra dual-write', 'checkpoints'],
    ['bench backfill --publish', 'the result'],
    ['docs --port 0', 'the docs site'],
  ])(
    'is reported by %s before anything starts (needs mount namespaces)',
    async (command, output) => {
      const { code, stdout, stderr } = await threshold(command.split(' '), { under })
      expect(stderr).toMatch(
        new RegExp(
          `^NOT_WRITABLE: ${output} cannot be written in ${ROOT}\\S*: the file system is read-only \\(EROFS\\)`,
        ),
      )
      expect(stderr).toMatch(/^ {2}→ \S/m)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    },
  )

  it.runIf(hasNamespaces)('still lists the stages (needs mount namespaces)', async () => {
    await using cache = await temporaryCache()
    expect((await threshold(['stages', 'list'], { under, env: cache.env })).code).toBe(0)
  })
})

describe('output that cannot be written', { timeout: 60_000 }, () => {
  const cli = join(ROOT, 'scripts', 'cli.ts')
  const sh = async (script: string): Promise<{ code: number; stderr: string }> =>
    await promisify(execFile)('sh', ['-c', script, process.execPath, cli]).then(
      ({ stderr }) => ({ code: 0, stderr }),
      (error: { code: number; stderr: string }) => error,
    )

  it.each([
    'lab list',
    'lab list --json',
    'stages list',
    '--help',
    'help lab',
    'migrate',
    '--version',
  ])('by %s is a failure', async (command) => {
    const { code, stderr } = await sh(`"$0" "$1" ${command} > /dev/full`)
    expect(stderr).toMatch(/^OUTPUT_LOST: .*no space left.*\n {2}→ /m)
    expect(code).toBe(1)
  })

  it('is no failure when the reader closes the pipe', async () => {
    const { code, stderr } = await sh('"$0" "$1" lab list | head -n 1 > /dev/null')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

it('checking a port does not occupy it', async () => {
  await using use = new AsyncDisposableStack()
  const port = Number(await takenPort(use))
  expect(await isPortFree(port)).toBe(false)
  await use.disposeAsync()
  expect([await isPortFree(port), await isPortFree(port)]).toEqual([true, true])
})
