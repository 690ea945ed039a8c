import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cannotScale, engineLabel } from '../engine.ts'
import { requireJava, SHORT_LIVED } from '../java.ts'
import type { LaunchSpec } from '../process/child.ts'
import { LOOPBACK } from '../process/ports.ts'
import { runProbe } from '../process/probe.ts'
import { ServerProcess } from '../process/server-process.ts'
import type { OnProgress } from '../progress.ts'
import { waitUntilReady } from '../ready.ts'
import { claimPort } from '../registry/claim-port.ts'
import { register } from '../registry/registry.ts'
import { OPENSEARCH_REQUIREMENTS, VERSIONS } from '../versions.ts'
import { DEFAULT_HEAP_MB, type OpenSearchEngine, type StartOpenSearchOptions } from './engine.ts'
import { installOpenSearch } from './install.ts'
import { probeOpenSearch } from './probe.ts'

const READY_TIMEOUT_MS = 120_000
const POLL_MS = 200
const TAIL_LINES = 10

/**
 * OpenSearch refuses to run as root. In this user namespace it runs as the user `nobody`, and may
 * read what belongs to root.
 */
const NOT_ROOT = ['--user', '--map-user=65534', '--map-group=65534']

/** Why a program cannot give up root here; undefined if it can or need not. */
export async function rootProblem(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined
  try {
    await runProbe('unshare', [...NOT_ROOT, 'true'])
    return undefined
  } catch {
    return 'OpenSearch does not run as root, and this system has no user namespaces'
  }
}

/** Starts one node as a local process. */
export async function startNativeOpenSearch(
  { heapMb = DEFAULT_HEAP_MB, shortLived = false }: StartOpenSearchOptions,
  onProgress: OnProgress,
): Promise<OpenSearchEngine> {
  const java = await requireJava()
  const home = await installOpenSearch(onProgress)
  onProgress({ text: `starting OpenSearch ${VERSIONS.opensearch} (5 to 20 s)` })
  const product = `OpenSearch, ${heapMb} MB heap`
  const registration = await register({
    role: 'opensearch',
    text: product,
    group: true,
    onExit: 'kill',
  })
  const { dir } = registration
  const port = await claimPort(registration)
  const transportPort = await claimPort(registration)
  const uri = `http://${LOOPBACK}:${port}`
  const server = new ServerProcess({
    product,
    registration,
    stopGraceMs: 0, // its data is discarded with it
    launchSpec: () => launchSpec(java, home, dir, jvmFlags(heapMb, shortLived)),
    waitUntilReady: (child) =>
      waitUntilReady({
        product,
        intervalMs: POLL_MS,
        timeoutMs: READY_TIMEOUT_MS,
        exitReason: () => child.exitReason(),
        tail: () => child.tail().trim().split('\n').slice(-TAIL_LINES).join('\n'),
        attempt: () => probeOpenSearch(uri),
      }),
  })
  try {
    await writeSettings(dir, port, transportPort)
    await server.launch()
  } catch (error) {
    await server.stop()
    throw error
  }
  const { state, stop, kill, restart, pause, resume } = server
  return {
    kind: 'opensearch',
    label: engineLabel({ product, version: VERSIONS.opensearch, provider: 'native' }),
    uri,
    get pid() {
      return server.pid
    },
    state,
    stop,
    kill,
    restart,
    pause,
    resume,
    limits: () => ({}),
    async scale(nodes) {
      if (nodes !== 1) throw cannotScale('OpenSearch', nodes)
    },
    [Symbol.asyncDispose]: stop,
  }
}

async function writeSettings(dir: string, port: number, transportPort: number): Promise<void> {
  await mkdir(join(dir, 'config'), { recursive: true })
  await mkdir(join(dir, 'tmp'), { recursive: true })
  const settings = {
    'cluster.name': 'threshold',
    'node.name': 'n1',
    'network.host': LOOPBACK,
    'http.port': port,
    'transport.port': transportPort,
    'discovery.type': 'single-node',
    'path.data': join(dir, 'data'),
    'path.logs': join(dir, 'logs'),
    // Otherwise a write to a missing index creates it, with a guessed mapping.
    'action.auto_create_index': false,
    // OpenSearch allocates nothing on a disk that is 90% full, as a laptop's often is.
    'cluster.routing.allocation.disk.threshold_enabled': false,
  }
  // Every JSON document is valid YAML.
  await writeFile(join(dir, 'config', 'opensearch.yml'), JSON.stringify(settings, null, 2))
  const log = 'log4j2.properties'
  await copyFile(join(OPENSEARCH_REQUIREMENTS, log), join(dir, 'config', log))
}

const jvmFlags = (heapMb: number, shortLived: boolean): string[] => [
  `-Xms${heapMb}M`,
  `-Xmx${heapMb}M`,
  '-XX:+UseSerialGC',
  ...(shortLived ? [SHORT_LIVED] : []),
]

function launchSpec(java: string, home: string, dir: string, flags: readonly string[]): LaunchSpec {
  const args = [
    ...flags,
    '-Djava.security.manager=allow',
    `-Djava.io.tmpdir=${join(dir, 'tmp')}`,
    `-XX:ErrorFile=${join(dir, 'crash.log')}`,
    `-Dopensearch.path.home=${home}`,
    `-Dopensearch.path.conf=${join(dir, 'config')}`,
    '-Dopensearch.distribution.type=tar',
    '-Dlog4j2.disable.jmx=true',
    // Relative, because the JVM splits a class path at colons.
    '-cp',
    'lib/*',
    'org.opensearch.bootstrap.OpenSearch',
  ]
  const isRoot = process.getuid?.() === 0
  const command = isRoot ? 'unshare' : java
  // A JVM in the C locale cannot open a path with a character outside ASCII.
  const env = { LC_ALL: 'C.UTF-8' }
  return { command, args: isRoot ? [...NOT_ROOT, java, ...args] : args, cwd: home, env }
}
