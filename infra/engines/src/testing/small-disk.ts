import { execFileSync } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CodedError } from '@threshold/kit'
import { type LaunchWrapper, startChild } from '../process/child.ts'
import { terminate } from '../process/terminate.ts'
import { register } from '../registry/registry.ts'

/** A disk of some megabytes that nothing else on this machine sees: the data of one engine. */
export interface SmallDisk extends AsyncDisposable {
  /** Where it is for a process that is started through `wrap`. */
  readonly dir: string
  readonly wrap: LaunchWrapper
  /** Leaves no byte free. */
  fill(): Promise<void>
  free(): Promise<void>
}

const MOUNTED_TIMEOUT_MS = 10_000

/**
 * Why this machine can have none; undefined where it can. It takes root, on Linux, to mount
 * something.
 */
export function smallDiskProblem(): string | undefined {
  if (process.platform !== 'linux') return 'no mount namespaces on this system'
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], {
      stdio: 'ignore',
    })
    execFileSync('nsenter', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'mounting needs root'
  }
}

/**
 * Memory, mounted as a disk in a mount namespace of its own. A process holds the namespace, so that
 * the data outlives an engine that is restarted; it all goes with that process.
 */
export async function smallDisk(megabytes: number): Promise<SmallDisk> {
  const registration = await register({
    role: 'small-disk',
    text: `a disk of ${megabytes} MB`,
    group: true,
    onExit: 'kill',
  })
  const { dir } = registration
  const script = `mount -t tmpfs -o size=${megabytes}m none "$1" && mkdir "$1/data" && echo mounted && exec sleep infinity`
  const holder = await startChild(
    {
      command: 'unshare',
      args: ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', dir],
    },
    registration.id,
  )
  await registration.update({ process: holder.identity })
  const close = async (): Promise<void> => {
    await terminate(holder.identity, { group: true, graceMs: 0 })
    await registration.close()
  }
  const until = Date.now() + MOUNTED_TIMEOUT_MS
  while (!holder.tail().includes('mounted')) {
    if (holder.exitReason() !== undefined || Date.now() > until) {
      await close()
      throw new CodedError('NO_SMALL_DISK', `nothing could be mounted: ${holder.tail()}`)
    }
    await delay(20)
  }
  // The path as the process in that namespace sees it.
  const ballast = join('/proc', String(holder.identity.pid), 'root', dir, 'ballast')
  return {
    dir,
    wrap: (launch) => ({
      ...launch,
      command: 'nsenter',
      args: [
        ...['--target', String(holder.identity.pid), '--mount'],
        ...(launch.cwd === undefined ? [] : [`--wd=${launch.cwd}`]),
        ...['--', launch.command, ...launch.args],
      ],
    }),
    async fill() {
      await using file = await open(ballast, 'a')
      for (const bytes of [65_536, 4_096, 1]) await writeUntilFull(file, Buffer.alloc(bytes, 1))
    },
    free: () => rm(ballast, { force: true }),
    [Symbol.asyncDispose]: close,
  }
}

async function writeUntilFull(
  file: Awaited<ReturnType<typeof open>>,
  chunk: Buffer,
): Promise<void> {
  try {
    for (;;) await file.write(chunk)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
