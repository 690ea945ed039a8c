import { userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { CodedError } from '@threshold/kit/errors'

/**
 * The only file here that reads the environment: what can be set from outside is this list and
 * nothing else.
 */
export interface EnginesConfig {
  /**
   * Tools, running engines' data and locks. Outside the tree, so that a fresh clone need not fetch
   * everything again.
   */
  readonly cacheDir: string
  /** A MongoDB of the user's own. */
  readonly mongodbUri: string | undefined
  /** A Cassandra of the user's own. */
  readonly cassandraUri: string | undefined
  readonly javaHome: string | undefined
  /** Where systems put the Javas that are not on the PATH; colons between them. */
  readonly jvmFolders: readonly string[]
  /** Where mongod is downloaded from: a mirror inside a closed network, for instance. */
  readonly mongodbMirror: string
  /** Which provider the tests' engine must come from; without one, the best that is quickly had. */
  readonly testEngine: 'external' | 'docker' | 'native' | undefined
  /** Whether tests repeat as often as they can, see testing/breadth.ts. */
  readonly testAll: boolean
  /** Also what starts three nodes of Cassandra at once. */
  readonly testCluster: boolean
  /** A Chromium of the user's own. */
  readonly chromium: string | undefined
  /** Docker somewhere else than at its usual socket. */
  readonly dockerHost: string | undefined
  readonly runtimeDir: string | undefined
  /** npm's own cache, where it is told to keep it elsewhere than in the home folder. */
  readonly npmCache: string | undefined
  readonly path: string
  readonly home: string
}

const JVM_FOLDERS = '/usr/lib/jvm:/Library/Java/JavaVirtualMachines:/opt/homebrew/opt'

/**
 * Read at every call, not once at import: a test, or a CLI that was told another cache, may change
 * the environment.
 */
export function enginesConfig(env: NodeJS.ProcessEnv = process.env): EnginesConfig {
  const home = homeOf(env)
  const set = (name: string): string | undefined =>
    env[name] === undefined || env[name] === '' ? undefined : env[name]
  const [own, caches] = [set('THRESHOLD_CACHE'), set('XDG_CACHE_HOME')]
  // The same as the launcher finds, see scripts/launcher/folders.mjs. A relative XDG_CACHE_HOME is
  // invalid.
  const shared = caches !== undefined && isAbsolute(caches) ? caches : join(home ?? '/', '.cache')
  return {
    cacheDir: own === undefined ? join(shared, 'threshold') : resolve(own),
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
    return undefined // the system's list of users does not have this one
  }
}

function testEngineOf(value: string | undefined): EnginesConfig['testEngine'] {
  if (value === undefined || value === 'external' || value === 'docker' || value === 'native')
    return value
  throw new CodedError('BAD_CONFIG', `THRESHOLD_TEST_ENGINE is ${value}`, {
    next: 'set it to external, docker or native, or unset it',
  })
}

/** A child's environment: ours, with additions. Undefined takes a variable away. */
export const childEnvironment = (
  extra: Record<string, string | undefined> = {},
): NodeJS.ProcessEnv => ({ ...process.env, ...extra })

/** These would have an environment of its own look for its packages elsewhere. */
export const OWN_PYTHON = {
  PYTHONHOME: undefined,
  PYTHONPATH: undefined,
  PYTHONPLATLIBDIR: undefined,
  PYTHONUSERBASE: undefined,
}
export const pythonEnvironment = (): NodeJS.ProcessEnv => childEnvironment(OWN_PYTHON)
