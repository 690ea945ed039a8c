import { execFileSync } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit'
import { type LaunchWrapper, startChild } from '../process/child.ts'
import { terminate } from '../process/terminate.ts'
import { waitUntil } from '../process/wait-until.ts'
import { register } from '../registry/registry.ts'

/** A disk of a few megabytes for one engine's data, visible only to processes started by `wrap`. */
export interface SmallDisk extends AsyncDisposable {
  /** The mount point, for a process started by `wrap`. */
  readonly dir: string
  readonly wrap: LaunchWrapper
  /** Fills the disk to the last byte. */
  fill(): Promise<void>
  free(): Promise<void>
}

const MOUNT_TIMEOUT_MS = 10_000
const POLL_MS = 20

/** Why this machine cannot make such a disk; undefined if it can. Mounting needs Linux and root. */
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
 * Mounts a tmpfs in its own mount namespace. A process holds the namespace, so that the data
 * survives a restart of the engine. Disposing ends that process and the disk.
 */
export async function smallDisk(megabytes: number): Promise<SmallDisk> {
  const registration = await register({
    role: 'small-disk',
    text: `a disk of ${megabytes} MB`,
    group: true,
    onExit: 'kill',
  })
  const { dir } = registration
  const mount = `mount -t tmpfs -o size=${megabytes}m none "$1" && mkdir "$1/data"`
  const script = `${mount} && echo mounted && exec sleep infinity`
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
  const mounted = (): boolean => holder.tail().includes('mounted')
  const mountedOrExited = (): boolean => mounted() || holder.exitReason() !== undefined
  await waitUntil(mountedOrExited, { intervalMs: POLL_MS, timeoutMs: MOUNT_TIMEOUT_MS })
  if (!mounted()) {
    await close()
    throw new CodedError('NO_SMALL_DISK', `cannot mount a tmpfs: ${holder.tail()}`)
  }
  // The file's path outside the namespace.
  const ballast = join('/proc', String(holder.identity.pid), 'root', dir, 'ballast')
  return {
    dir,
    wrap: (launch) => ({
      ...launch,
      command: 'nsenter',
      args: [
        '--target',
        String(holder.identity.pid),
        '--mount',
        ...(launch.cwd === undefined ? [] : [`--wd=${launch.cwd}`]),
        '--',
        launch.command,
        ...launch.args,
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
