import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit/errors'
import { z } from 'zod'
import { enginesConfig } from '../config.ts'
import { requireCache } from '../folder.ts'
import { identify } from '../process/identity.ts'
import { endOnExit } from './exit.ts'
import { watchThisProcess } from './watcher.ts'

const identitySchema = z.strictObject({ pid: z.int().positive(), start: z.string().min(1) })

/**
 * How a process is ended once its owner is gone: `term` sends SIGTERM and gives it time, `kill`
 * sends SIGKILL, which is right for an engine whose data is thrown away.
 */
const onExit = z.enum(['term', 'kill'])

const entrySchema = z.object({
  v: z.literal(1),
  id: z.string().regex(/^[a-z0-9-]+$/),
  /** What it is to a reader: `mongodb`, `stage`, `generator`, `install`. */
  role: z.string().min(1),
  text: z.string(),
  /** Who started it and will stop it. Once this process is gone, nobody will. */
  owner: identitySchema,
  process: identitySchema.optional(),
  /** The process leads a group of its own, which is ended as one. */
  group: z.boolean(),
  /** The Docker daemon that is asked for a container, written down before it is asked. */
  dockerHost: z.string().optional(),
  /** Written down once the container was created, before it is started. */
  containerId: z.string().optional(),
  onExit: onExit.default('term'),
  ports: z.array(z.int()),
})

/**
 * What one run left on this machine, written down before it is left, so that a later process can
 * clean up.
 */
export type RegistryEntry = z.infer<typeof entrySchema>

export interface Registration extends AsyncDisposable {
  readonly id: string
  /**
   * A folder of its own, removed with the entry. Its name is unlike any other, and so marks command
   * lines too.
   */
  readonly dir: string
  readonly ports: readonly number[]
  update(
    change: Partial<
      Pick<RegistryEntry, 'process' | 'dockerHost' | 'containerId' | 'ports' | 'text'>
    >,
  ): Promise<void>
  /** Removes folder and entry; the process must be gone by then. */
  close(): Promise<void>
}

export interface RegistrationOptions {
  readonly role: string
  readonly text?: string
  readonly ports?: readonly number[]
  readonly group?: boolean
  /**
   * How the process is ended should this one end without having closed the run; `term` without it.
   */
  readonly onExit?: z.infer<typeof onExit>
}

const registryDir = (): string => join(enginesConfig().cacheDir, 'run')
export const entryFile = (id: string): string => join(registryDir(), `${id}.json`)
export const entryDir = (id: string): string => join(registryDir(), id)

/** Opens an entry, and then its folder: a folder without an entry is therefore always left over. */
export async function register(options: RegistrationOptions): Promise<Registration> {
  const owner = await identify(process.pid)
  if (owner === undefined)
    throw new CodedError('NO_PROCESS_TABLE', 'this system does not say when a process started', {
      next: 'install ps',
    })
  const id = `${options.role.replaceAll(/[^a-z0-9]+/g, '-')}-${randomBytes(6).toString('hex')}`
  let entry: RegistryEntry = {
    v: 1,
    id,
    role: options.role,
    text: options.text ?? options.role,
    owner,
    group: options.group ?? false,
    onExit: options.onExit ?? 'term',
    ports: [...(options.ports ?? [])],
  }
  await requireCache()
  await mkdir(registryDir(), { recursive: true })
  // First of all: there is no moment at which something is left and nobody watches.
  const unwatch = watchThisProcess(owner)
  try {
    await writeEntry(entry)
    await mkdir(entryDir(id))
  } catch (error) {
    unwatch()
    throw error
  }
  const forget = endOnExit(() => entry)

  const close = async (): Promise<void> => {
    await rm(entryDir(id), { recursive: true, force: true, maxRetries: 5 })
    await rm(entryFile(id), { force: true })
    forget()
    unwatch()
  }
  return {
    id,
    dir: entryDir(id),
    get ports() {
      return entry.ports
    },
    async update(change) {
      entry = { ...entry, ...change }
      await writeEntry(entry)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/**
 * Registers a process that runs already, such as this one: `threshold reset` ends it. Dispose once
 * it has ended. A process that is to be started here is started by `spawnRegistered`, which
 * registers it first.
 */
export async function registerProcess(
  options: RegistrationOptions & { readonly pid: number },
): Promise<Registration> {
  const identity = await identify(options.pid)
  if (identity === undefined)
    throw new CodedError(
      'PROCESS_GONE',
      `${options.role}: process ${options.pid} has already ended`,
    )
  const registration = await register(options)
  await registration.update({ process: identity })
  return registration
}

async function writeEntry(entry: RegistryEntry): Promise<void> {
  const draft = `${entryFile(entry.id)}.${process.pid}.draft`
  await writeFile(draft, `${JSON.stringify(entry)}\n`)
  await rename(draft, entryFile(entry.id))
}

export interface FoundEntry {
  readonly id: string
  /** Undefined when the file cannot be read as an entry, or there is only a folder. */
  readonly entry: RegistryEntry | undefined
}

/** Everything in the folder, whole or not. */
export async function listEntries(): Promise<{ entries: FoundEntry[]; drafts: string[] }> {
  const names = await readdir(registryDir()).catch(() => [])
  const drafts = names.filter((name) => name.endsWith('.draft'))
  const ids = new Set(
    names.filter((name) => !name.endsWith('.draft')).map((name) => name.replace(/\.json$/, '')),
  )
  const entries = await Promise.all(
    [...ids].map(async (id) => ({ id, entry: await readEntry(id) })),
  )
  return { entries, drafts: drafts.map((name) => join(registryDir(), name)) }
}

export async function readEntry(id: string): Promise<RegistryEntry | undefined> {
  try {
    const parsed = entrySchema.safeParse(JSON.parse(await readFile(entryFile(id), 'utf8')))
    return parsed.success && parsed.data.id === id ? parsed.data : undefined
  } catch {
    return undefined
  }
}
