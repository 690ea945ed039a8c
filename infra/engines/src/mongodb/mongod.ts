import { checkSpace } from '../cache.ts'
import { type Engine, engineLabel, mebibytesToBytes, unusable } from '../engine.ts'
import { runProbe } from '../process/probe.ts'
import { which } from '../process/which.ts'
import { startProcessEngine } from './process-engine.ts'
import {
  DEFAULT_CACHE_MB,
  MONGOD_MIN_CACHE_MB,
  MONGOD_MIN_DISK_MB,
  type MongoProvider,
  type StartOptions,
} from './provider.ts'
import { REPLICA_SET } from './ready.ts'

export const mongodOnPath: MongoProvider = {
  provider: 'native',
  native: 'mongod',
  name: 'mongod on PATH',
  minCacheMb: MONGOD_MIN_CACHE_MB,

  async available() {
    const binary = await which('mongod')
    return binary === undefined
      ? unusable('no mongod on PATH', 'npx threshold doctor shows how to install MongoDB')
      : await checkSpace('mongod', MONGOD_MIN_DISK_MB)
  },

  async start(options) {
    return await startMongod((await which('mongod')) ?? 'mongod', options)
  },
}

/** Starts any mongod binary. */
export async function startMongod(binary: string, options: StartOptions): Promise<Engine> {
  const { stdout } = await runProbe(binary, ['--version'], { timeoutMs: 60_000 })
  const version = /v(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? 'of unknown version'
  const cacheMb = options.cacheMb ?? DEFAULT_CACHE_MB
  options.onProgress({ text: `starting MongoDB ${version}` })
  return await startProcessEngine({
    label: engineLabel({ product: 'MongoDB', version, provider: 'native' }),
    format: 'mongod',
    dataDir: options.dataDir,
    wrap: options.wrap,
    limits: { cacheBytes: mebibytesToBytes(cacheMb) },
    replicaSet: true,
    launchSpec: (port, dataDir) => ({
      command: binary,
      args: [
        '--port',
        String(port),
        '--bind_ip',
        '127.0.0.1',
        '--dbpath',
        dataDir,
        '--replSet',
        REPLICA_SET,
        '--wiredTigerCacheSizeGB',
        String(cacheMb / 1024),
        '--quiet',
        '--nounixsocket',
      ],
    }),
  })
}
