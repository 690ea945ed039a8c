import { userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { CodedError } from '@threshold/kit/errors'

/** All settings from the environment. No other file of this package reads it. */
export interface EnginesConfig {
  /** The folder of tools, data of running engines and locks. It lies outside the clone, so clones share it.
   */
  readonly cacheDir: string
  /** The user's own MongoDB. */
  readonly mongodbUri: string | undefined
  /** The user's own Cassandra. */
  readonly cassandraUri: string | undefined
  readonly javaHome: string | undefined
  /** The folders where systems install Java outside the PATH. */
  readonly jvmFolders: readonly string[]
  /** The server that mongod is downloaded from, for instance a mirror in a closed network. */
  readonly mongodbMirror: string
  /** The provider of the tests' engines; undefined for the best `quick` one. */
  readonly testEngine: 'external' | 'docker' | 'native' | undefined
  /** Whether all tests run, with full repetitions: see testing/breadth.ts. */
  readonly testAll: boolean
  /** Whether tests that start three Cassandra nodes at once run too. */
  readonly testCluster: boolean
  /** The user's own Chromium. */
  readonly chromium: string | undefined
  /** The address of a Docker daemon that is not at its usual socket. */
  readonly dockerHost: string | undefined
  readonly runtimeDir: string | undefined
  /** npm's cache, if it is not in the home folder. */
  readonly npmCache: string | undefined
  readonly path: string
  readonly home: string
}

const JVM_FOLDERS = '/usr/lib/jvm:/Library/Java/JavaVirtualMachines:/opt/homebrew/opt'

/** Reads the environment at every call, since tests and the command line change it. */
export function enginesConfig(env: NodeJS.ProcessEnv = process.env): EnginesConfig {
  const home = homeOf(env)
  const set = (name: string): string | undefined =>
    env[name] === undefined || env[name] === '' ? undefined : env[name]
  const [ownCache, sharedCaches] = [set('THRESHOLD_CACHE'), set('XDG_CACHE_HOME')]
  // scripts/launcher/folders.mjs must find the same folder. A relative XDG_CACHE_HOME is invalid.
  const shared =
    sharedCaches !== undefined && isAbsolute(sharedCaches)
      ? sharedCaches
      : join(home ?? '/', '.cache')
  return {
    cacheDir: ownCache === undefined ? join(shared, 'threshold') : resolve(ownCache),
    mongodbUri: set('THRESHOLD_MONGODB_URI'),
    cassandraUri: set('THRESHOLD_CASSANDRA_URI'),
    javaHome: set('JAVA_HOME'),
    jvmFolders: (set('THRESHOLD_JVM_FOLDERS') ?? JVM_FOLDERS).split(':'),
    mongodbMirror: (set('THRESHOLD_MONGODB_MIRROR') ?? 'https://fastdl.mongodb.org').replace(
      /\/$/,
      '',
    ),
    testEngine: testEngineOf(set('THRESHOLD_TEST_ENGINE')),
    testAll: set('THRESHOLD_TEST_ALL') === '1',
    testCluster: set('THRESHOLD_TEST_CLUSTER') === '1',
    chromium: set('THRESHOLD_CHROMIUM'),
    dockerHost: set('DOCKER_HOST'),
    runtimeDir: set('XDG_RUNTIME_DIR'),
    npmCache: set('npm_config_cache'),
    path: env.PATH ?? '',
    home: home ?? '/',
  }
}

/** Undefined for a user without a home folder. */
function homeOf({ HOME }: NodeJS.ProcessEnv): string | undefined {
  if (HOME !== undefined && isAbsolute(HOME)) return HOME
  try {
    return userInfo().homedir || undefined
  } catch {
    return undefined // the user is not in the system's user list
  }
}

function testEngineOf(value: string | undefined): EnginesConfig['testEngine'] {
  if (value === undefined || value === 'external' || value === 'docker' || value === 'native')
    return value
  throw new CodedError('BAD_CONFIG', `THRESHOLD_TEST_ENGINE is ${value}, which is no provider`, {
    next: 'set it to external, docker or native, or unset it',
  })
}

/** This process's environment with additions. Undefined removes a variable. */
export const childEnvironment = (
  extra: Record<string, string | undefined> = {},
): NodeJS.ProcessEnv => ({ ...process.env, ...extra })

/** Removes variables that would make a virtual environment load packages from elsewhere. */
export const OWN_PYTHON = {
  PYTHONHOME: undefined,
  PYTHONPATH: undefined,
  PYTHONPLATLIBDIR: undefined,
  PYTHONUSERBASE: undefined,
}
export const pythonEnvironment = (): NodeJS.ProcessEnv => childEnvironment(OWN_PYTHON)
