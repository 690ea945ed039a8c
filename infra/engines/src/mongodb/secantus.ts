import { join } from 'node:path'
import { checkToolSpace, isInstalled, toolDir } from '../cache.ts'
import { ISOLATED_PYTHON } from '../config.ts'
import { engineLabel, mebibytesToBytes, unusable } from '../engine.ts'
import type { LaunchSpec } from '../process/child.ts'
import { findPython } from '../python.ts'
import { TOOLS, VERSIONS } from '../versions.ts'
import { startProcessEngine } from './process-engine.ts'
import {
  DEFAULT_CACHE_MB,
  MONGOD_MIN_CACHE_MB,
  type MongoProvider,
  type StartOptions,
} from './provider.ts'
import { buildSecantusRust, findCargo, installSecantusPython } from './secantus-install.ts'

/*
 * SecantusDB speaks MongoDB's protocol over the real WiredTiger. It replaces MongoDB where that is
 * not available, and every label says so. It is GPL-2.0: it runs as a separate process and is never
 * linked.
 */
const standInReason = ({ cacheMb }: StartOptions): string =>
  cacheMb !== undefined && cacheMb < MONGOD_MIN_CACHE_MB
    ? `MongoDB needs at least ${MONGOD_MIN_CACHE_MB} MB of cache, and ${cacheMb} MB are requested`
    : 'MongoDB itself is not available here'

/** Its log takes 32 MB from the start. */
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
        'its Rust build is not in the cache, and building it takes minutes',
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
      // The log is allocated in full. The default of 128 MB would be the size of an empty database.
      ['--log-file-max', '32MB'],
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
  options.onProgress({ text: `starting SecantusDB ${version} (${build}), a stand-in for MongoDB` })
  return await startProcessEngine({
    label: engineLabel({
      product: `SecantusDB/${build}`,
      version,
      provider: 'native',
      standIn: standInReason(options),
    }),
    format: `secantus-${build.toLowerCase()}`,
    dataDir: options.dataDir,
    wrap: options.wrap,
    limits: { cacheBytes: mebibytesToBytes(cacheMb) },
    replicaSet: false,
    launchSpec: secantusLaunchSpec(command, cacheMb, extra),
  })
}

export const secantusLaunchSpec =
  (command: string, cacheMb: number, extra: readonly string[] = []) =>
  (port: number, dataDir: string): LaunchSpec => ({
    command,
    args: [
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--storage-path',
      dataDir,
      '--cache-size',
      `${cacheMb}M`,
      '--log-level',
      'WARNING',
      // Like `j: true` in mongod: an acknowledged write is on disk and survives a kill.
      '--sync-on-commit',
      ...extra,
    ],
    // It would read a configuration file in its working directory. This one has none.
    cwd: dataDir,
    env: ISOLATED_PYTHON,
  })
