import { join } from 'node:path'
import { checkToolSpace, isInstalled, toolDir } from '../cache.ts'
import { OWN_PYTHON } from '../config.ts'
import { labelText, unusable } from '../engine.ts'
import type { LaunchSpec } from '../process/child.ts'
import { findPython } from '../python.ts'
import { TOOLS, VERSIONS } from '../versions.ts'
import { startProcessEngine } from './process-engine.ts'
import {
  DEFAULT_CACHE_MB,
  MONGOD_MIN_CACHE_MB,
  type MongoProvider,
  mebibytes,
  type StartOptions,
} from './provider.ts'
import { buildSecantusRust, findCargo, installSecantusPython } from './secantus-install.ts'

/*
 * SecantusDB speaks MongoDB's protocol over the real WiredTiger. It runs as a process beside ours
 * and is never linked (GPL-2.0). It stands in where MongoDB itself cannot be had, and every label
 * says so.
 */
const standInReason = ({ cacheMb }: StartOptions): string =>
  cacheMb !== undefined && cacheMb < MONGOD_MIN_CACHE_MB
    ? `MongoDB itself takes no less than ${MONGOD_MIN_CACHE_MB} MB of cache, and this is to have ${cacheMb} MB`
    : 'MongoDB itself could not be had here'

/** Its log is 32 MB from the first. */
const RUN_MB = 64

export const secantusRust: MongoProvider = {
  provider: 'native',
  native: 'secantus-rust',
  name: 'SecantusDB, Rust build (stand-in)',

  async available(prefer) {
    if (await isInstalled(TOOLS.secantusRust))
      return await checkToolSpace(TOOLS.secantusRust, RUN_MB)
    if (prefer === 'quick')
      return unusable(
        'its Rust build is not in the cache, and building takes minutes',
        'npx threshold prefetch',
      )
    const cargo = await findCargo()
    return cargo.usable
      ? await checkToolSpace(TOOLS.secantusRust, RUN_MB)
      : unusable(cargo.why, cargo.next)
  },

  async start(options) {
    const dir = await buildSecantusRust(options.onProgress)
    return await startSecantus(
      options,
      'Rust',
      VERSIONS.secantusRust,
      join(dir, 'bin', 'secantusd-rs'),
      [
        // Its log is allocated in full: at the default of 128 MB that would be the size of an empty
        // database.
        ...['--log-file-max', '32MB'],
      ],
    )
  },
}

export const secantusPython: MongoProvider = {
  provider: 'native',
  native: 'secantus-python',
  name: 'SecantusDB, Python wheel (stand-in)',

  async available() {
    const python = (await isInstalled(TOOLS.secantusPython)) || (await findPython())
    if (python !== true && !python.usable) return unusable(python.why, python.next)
    return await checkToolSpace(TOOLS.secantusPython, RUN_MB)
  },

  async start(options) {
    await installSecantusPython(options.onProgress)
    return await startSecantus(
      options,
      'Python',
      VERSIONS.secantusPython,
      join(toolDir(TOOLS.secantusPython), 'bin', 'secantusd-py'),
      [],
    )
  },
}

async function startSecantus(
  options: StartOptions,
  build: 'Rust' | 'Python',
  version: string,
  command: string,
  extra: readonly string[],
) {
  const cacheMb = options.cacheMb ?? DEFAULT_CACHE_MB
  options.onProgress({ text: `starting SecantusDB ${version} (${build}), standing in for MongoDB` })
  return await startProcessEngine({
    label: labelText({
      product: `SecantusDB/${build}`,
      version,
      provider: 'native',
      standIn: standInReason(options),
    }),
    format: `secantus-${build.toLowerCase()}`,
    dataDir: options.dataDir,
    wrap: options.wrap,
    limits: { cacheBytes: mebibytes(cacheMb) },
    replicaSet: false,
    launch: secantusLaunch(command, cacheMb, extra),
  })
}

export const secantusLaunch =
  (command: string, cacheMb: number, extra: readonly string[] = []) =>
  (port: number, dataDir: string): LaunchSpec => ({
    command,
    args: [
      ...['--host', '127.0.0.1', '--port', String(port), '--storage-path', dataDir],
      ...['--cache-size', `${cacheMb}M`, '--log-level', 'WARNING'],
      // What mongod does for `j: true`. Without it a kill loses what was acknowledged: it may still
      // be in the server's memory.
      '--sync-on-commit',
      ...extra,
    ],
    // It reads a configuration from the working directory and the home folder if it finds one:
    // neither is ours.
    cwd: dataDir,
    env: OWN_PYTHON,
  })
