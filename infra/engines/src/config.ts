import { userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { CodedError } from '@threshold/kit/errors'

/** All settings from the environment. No other file of this package reads it. */
export interface EnginesConfig {
  /**
   * The folder of installed tools, locks, and the data of running engines. All clones of this user
   * share it.
   */
  readonly cacheDir: string
  /** The address of the user's own MongoDB. */
  readonly mongodbUri: string | undefined
  /** The address of the user's own Cassandra. */
  readonly cassandraUri: string | undefined
  /** The address of the user's own NATS. */
  readonly natsUri: string | undefined
  /** The address of the user's own OpenSearch. */
  readonly openSearchUri: string | undefined
  readonly javaHome: string | undefined
  /** The folders that are searched for a Java that is not on the PATH. */
  readonly jvmFolders: readonly string[]
  /** The server that mongod is downloaded from. A closed network may have a mirror of its own. */
  readonly mongodbMirror: string
  /** The provider of the tests' engines; undefined for the best `quick` one. */
  readonly testEngine: 'external' | 'docker' | 'native' | undefined
  /** Whether all tests run, with full repetitions: see testing/breadth.ts. */
  readonly testAll: boolean
  /** Whether tests that start three Cassandra nodes at once run too. */
  readonly testCluster: boolean
  /** The path of the user's own Chromium. */
  readonly chromium: string | undefined
  /** The address of a Docker daemon that is not at its usual socket. */
  readonly dockerHost: string | undefined
  /** The folder in which rootless Docker has its socket. */
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
  /** An empty variable counts as unset. */
  const variable = (name: string): string | undefined =>
    env[name] === undefined || env[name] === '' ? undefined : env[name]
  const explicitCache = variable('THRESHOLD_CACHE')
  const xdgCacheHome = variable('XDG_CACHE_HOME')
  // scripts/launcher/folders.mjs must find the same folder. A relative XDG_CACHE_HOME is invalid.
  const userCaches =
    xdgCacheHome !== undefined && isAbsolute(xdgCacheHome)
      ? xdgCacheHome
      : join(home ?? '/', '.cache')
  return {
    cacheDir: explicitCache === undefined ? join(userCaches, 'threshold') : resolve(explicitCache),
    mongodbUri: variable('THRESHOLD_MONGODB_URI'),
    cassandraUri: variable('THRESHOLD_CASSANDRA_URI'),
    natsUri: variable('THRESHOLD_NATS_URI'),
    openSearchUri: variable('THRESHOLD_OPENSEARCH_URI'),
    javaHome: variable('JAVA_HOME'),
    jvmFolders: (variable('THRESHOLD_JVM_FOLDERS') ?? JVM_FOLDERS).split(':'),
    mongodbMirror: (variable('THRESHOLD_MONGODB_MIRROR') ?? 'https://fastdl.mongodb.org').replace(
      /\/$/,
      '',
    ),
    testEngine: testEngineOf(variable('THRESHOLD_TEST_ENGINE')),
    testAll: variable('THRESHOLD_TEST_ALL') === '1',
    testCluster: variable('THRESHOLD_TEST_CLUSTER') === '1',
    chromium: variable('THRESHOLD_CHROMIUM'),
    dockerHost: variable('DOCKER_HOST'),
    runtimeDir: variable('XDG_RUNTIME_DIR'),
    npmCache: variable('npm_config_cache'),
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

/**
 * Removes the variables of the user's Python, which would make a virtual environment load packages
 * from outside it.
 */
export const ISOLATED_PYTHON = {
  PYTHONHOME: undefined,
  PYTHONPATH: undefined,
  PYTHONPLATLIBDIR: undefined,
  PYTHONUSERBASE: undefined,
}
export const pythonEnvironment = (): NodeJS.ProcessEnv => childEnvironment(ISOLATED_PYTHON)
