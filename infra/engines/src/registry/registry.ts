import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit/errors'
import { z } from 'zod'
import { enginesConfig } from '../config.ts'
import { requireCache } from '../folder.ts'
import { identify } from '../process/identity.ts'
import { REPOSITORY } from '../stage/list.ts'
import { endOnExit } from './exit.ts'
import { watchThisProcess } from './watcher.ts'

const identitySchema = z.strictObject({ pid: z.int().positive(), start: z.string().min(1) })

/**
 * How a process is ended once its owner is gone. `term` sends SIGTERM and waits; `kill` sends
 * SIGKILL, which suits an engine whose data is discarded.
 */
const onExit = z.enum(['term', 'kill'])

const entrySchema = z.object({
  v: z.literal(1),
  id: z.string().regex(/^[a-z0-9-]+$/),
  /** The kind of process: `mongodb`, `stage`, `generator`, `install`. */
  role: z.string().min(1),
  /** Names the process in messages. */
  text: z.string(),
  /**
   * The process that started it and will stop it. Once the owner is gone, the process is an orphan.
   */
  owner: identitySchema,
  /** The checkout of the repository whose code started it. Earlier versions did not write it. */
  checkout: z.string().optional(),
  process: identitySchema.optional(),
  /** Whether the process leads a group of its own, which is ended with it. */
  group: z.boolean(),
  /** The Docker daemon of its container. Written before the container is requested. */
  dockerHost: z.string().optional(),
  /** Written when the container exists, before it starts. */
  containerId: z.string().optional(),
  onExit: onExit.default('term'),
  ports: z.array(z.int()),
})

/**
 * A process or container and its files, as one JSON file in the cache. It is written before they
 * exist, so that a later process can clean up.
 */
export type RegistryEntry = z.infer<typeof entrySchema>

export interface Registration extends AsyncDisposable {
  readonly id: string
  /**
   * Its own folder, removed with the entry. A command line with this unique path is tagged by it.
   */
  readonly dir: string
  readonly ports: readonly number[]
  update(
    change: Partial<
      Pick<RegistryEntry, 'process' | 'dockerHost' | 'containerId' | 'ports' | 'text'>
    >,
  ): Promise<void>
  /** Removes the folder and the entry. The process must have exited. */
  close(): Promise<void>
}

export interface RegistrationOptions {
  readonly role: string
  readonly text?: string
  readonly ports?: readonly number[]
  readonly group?: boolean
  /** How the process is ended if this one ends without closing the registration. Default `term`. */
  readonly onExit?: z.infer<typeof onExit>
}

const registryDir = (): string => join(enginesConfig().cacheDir, 'run')
export const entryFile = (id: string): string => join(registryDir(), `${id}.json`)
export const entryDir = (id: string): string => join(registryDir(), id)

/**
 * Writes an entry and makes its folder, in this order: a folder without an entry is always left
 * over.
 */
export async function register(options: RegistrationOptions): Promise<Registration> {
  const owner = await identify(process.pid)
  if (owner === undefined)
    throw new CodedError('NO_PROCESS_TABLE', 'cannot read the start time of this process', {
      next: 'install ps',
    })
  const id = `${options.role.replaceAll(/[^a-z0-9]+/g, '-')}-${randomBytes(6).toString('hex')}`
  let entry: RegistryEntry = {
    v: 1,
    id,
    role: options.role,
    text: options.text ?? options.role,
    owner,
    checkout: REPOSITORY,
    group: options.group ?? false,
    onExit: options.onExit ?? 'term',
    ports: [...(options.ports ?? [])],
  }
  await requireCache()
  await mkdir(registryDir(), { recursive: true })
  // The watcher starts first, so that there is never an entry without one.
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
 * Registers a process that already runs, such as this one, so that `threshold reset` ends it.
 * Dispose the result once the process has exited. Use `spawnRegistered` for a new process, which it
 * registers first.
 */
export async function registerProcess(
  options: RegistrationOptions & { readonly pid: number },
): Promise<Registration> {
  const identity = await identify(options.pid)
  if (identity === undefined)
    throw new CodedError(
      'PROCESS_GONE',
      `cannot register ${options.role}: process ${options.pid} has already exited`,
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
  /** Undefined if there is only a folder, or the file is not a valid entry. */
  readonly entry: RegistryEntry | undefined
}

/** All entries and drafts of the registry, also invalid ones. */
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
