import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SHORT_LIVED } from '../java.ts'
import { CASSANDRA_REQUIREMENTS } from '../versions.ts'
import type { StartCassandraOptions } from './engine.ts'

export interface NodeSettings {
  readonly address: string
  /** Addresses from which a node learns of the others. The first node is its own seed. */
  readonly seeds: readonly string[]
  readonly cqlPort: number
  readonly storagePort: number
  readonly jmxPort: number
  readonly heapMb: number
  readonly collector: Collector
  /** The folder of its data, configuration and logs. */
  readonly dir: string
  /**
   * Whether it streams its share of the data from the others when it joins: all but the first do.
   */
  readonly bootstrap: boolean
  readonly cacheMb: number | undefined
  readonly shortLived: boolean
  readonly unsafeSystem: boolean
  readonly commitLog: CommitLog
  readonly disk?: StartCassandraOptions['disk']
}

/**
 * When a node acknowledges a write.
 *
 * `batch` waits until the write is on this node's disk, like MongoDB's journal. A single node needs
 * this, since there is no other copy.
 *
 * `periodic`, Cassandra's default, acknowledges at once and is two to three times as fast. It
 * relies on the other replicas: a node loses up to 10 s of writes in a power cut, and up to 100 ms,
 * the part of the log not yet marked as written, when it is killed.
 */
export type CommitLog = 'batch' | 'periodic'
export const COMMIT_LOG: Record<CommitLog, Readonly<Record<string, string>>> = {
  batch: { commitlog_sync: 'batch', commitlog_sync_period: '0ms' },
  periodic: { commitlog_sync: 'periodic', commitlog_sync_period: '10000ms' },
}

/** Cassandra accepts no smaller chunk cache. */
export const MIN_CACHE_MB = 16

/**
 * Memtables hold the newest writes, which are read without touching a file. If a cache size is set,
 * the memtables are small, since large ones would hide the effect of a small cache.
 */
export function cacheSettings(
  cacheMb: number | undefined,
): Readonly<Record<string, string | boolean>> {
  const memtable = cacheMb === undefined ? '64MiB' : '16MiB'
  return {
    memtable_heap_space: memtable,
    memtable_offheap_space: memtable,
    // The cache is off by default since 4.0, and its misses are then not counted. Cassandra
    // reserves 32 MiB of its size for buffers.
    file_cache_enabled: true,
    file_cache_size: `${(cacheMb ?? MIN_CACHE_MB) + 32}MiB`,
  }
}

export type Collector = 'G1' | 'Parallel' | 'Serial' | 'Z' | 'Shenandoah'

/**
 * How long a node waits to learn the ring from other nodes. Cassandra's default is 30 s. The first
 * node has no others to wait for.
 *
 * A joining node needs more than a second, for three reasons:
 * - It asks its seed every five seconds for twice this time, then exits with `Unable to gossip with
 *   any peers`. It asks only once if the delay is one second, and a busy seed fails the join
 *   (`Gossiper.doShadowRound`).
 * - It waits this long for the schema. It streams nothing without a schema, and joins nevertheless
 *   (`StorageService.waitForSchema`). Two nodes got none of the data they owned in four joins under
 *   traffic with a delay of one second.
 * - The other nodes need this time to learn that they must send their writes to it too.
 */
const FIRST_NODE_RING_DELAY_MS = 1_000
const JOINING_NODE_RING_DELAY_MS = 10_000

const dataDir = ({ dir, disk }: NodeSettings): string => join(disk?.dir ?? dir, 'data')

const GC_LOG = 'gc.log'
export const gcLogFile = (dir: string): string => join(dir, GC_LOG)

/**
 * A link in the node's folder to the installation. The JVM runs in the node's folder and its flags
 * use relative paths, because the JVM splits a class path at colons, an agent's path at an equals
 * sign and a log's path at a comma.
 */
const HOME = 'cassandra'

/**
 * Prepares one node's folder: cassandra.yaml, and the link to the installation. The values suit up
 * to three nodes on one laptop: small caches, a small commit log, and no authentication, since a
 * node listens on loopback only.
 */
export async function writeSettings(node: NodeSettings, home: string): Promise<void> {
  await mkdir(join(node.dir, 'conf'), { recursive: true })
  await mkdir(join(node.dir, 'tmp'), { recursive: true })
  const data = dataDir(node)
  const yaml = {
    cluster_name: 'threshold',
    num_tokens: 4,
    allocate_tokens_for_local_replication_factor: 3,
    auto_bootstrap: node.bootstrap,
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    endpoint_snitch: 'SimpleSnitch',
    seed_provider: [
      {
        class_name: 'org.apache.cassandra.locator.SimpleSeedProvider',
        parameters: [{ seeds: node.seeds.join(',') }],
      },
    ],
    listen_address: node.address,
    rpc_address: node.address,
    storage_port: node.storagePort,
    native_transport_port: node.cqlPort,
    start_native_transport: true,
    data_file_directories: [join(data, 'sstables')],
    commitlog_directory: join(data, 'commitlog'),
    hints_directory: join(data, 'hints'),
    saved_caches_directory: join(data, 'saved_caches'),
    cdc_raw_directory: join(data, 'cdc_raw'),
    ...COMMIT_LOG[node.commitLog],
    commitlog_segment_size: '8MiB',
    commitlog_total_space: '256MiB',
    commitlog_disk_access_mode: 'mmap',
    disk_access_mode: 'mmap_index_only',
    memtable_allocation_type: 'heap_buffers',
    ...cacheSettings(node.cacheMb),
    key_cache_size: '8MiB',
    row_cache_size: '0MiB',
    counter_cache_size: '0MiB',
    networking_cache_size: '16MiB',
    // A lightweight transaction takes two round trips instead of the four of v1, the default
    // (CEP-14, Cassandra 4.1).
    paxos_variant: 'v2',
    concurrent_reads: 16,
    concurrent_writes: node.commitLog === 'batch' ? 64 : 16, // they share one wait for the disk
    concurrent_counter_writes: 4,
    concurrent_compactors: 1,
    compaction_throughput: '64MiB/s',
    hinted_handoff_enabled: true,
    dynamic_snitch: false,
    auto_snapshot: false,
    internode_compression: 'none',
  }
  await symlink(home, join(node.dir, HOME))
  // Every JSON document is valid YAML.
  await writeFile(join(node.dir, 'conf', 'cassandra.yaml'), `${JSON.stringify(yaml, null, 2)}\n`)
}

/** A JVM in the C locale cannot open a path with a character outside ASCII. */
export const JVM_ENVIRONMENT = { LC_ALL: 'C.UTF-8' }

/** The JVM's flags that nodes and nodetool share. */
export async function jvmFlags(): Promise<string[]> {
  const options = await readFile(join(CASSANDRA_REQUIREMENTS, 'jvm17.options'), 'utf8')
  return options.split('\n').filter((line) => line.startsWith('-'))
}

export async function launchArgs(node: NodeSettings): Promise<string[]> {
  const property = (name: string, value: string | number | boolean): string =>
    `-Dcassandra.${name}=${value}`
  return [
    ...(await jvmFlags()),
    `-javaagent:${HOME}/lib/jamm-0.4.0.jar`,
    `-Xms${node.heapMb}M`,
    `-Xmx${node.heapMb}M`,
    '-Xss384k',
    '-XX:MaxDirectMemorySize=256M',
    '-XX:MetaspaceSize=128M',
    `-XX:+Use${node.collector}GC`,
    ...(node.shortLived ? [SHORT_LIVED] : []),
    // Logs both ends of each pause in UTC, so that lab 4.1 can match pauses and reads.
    `-Xlog:gc*,safepoint:file=${GC_LOG}:utctime,level,tags:filecount=0`,
    `-Dlogback.configurationFile=${pathToFileURL(join(node.dir, HOME, 'logback.xml'))}`,
    // The system's temporary folder may be full or mounted `noexec`.
    `-Djava.io.tmpdir=${join(node.dir, 'tmp')}`,
    `-Djna.tmpdir=${join(node.dir, 'tmp')}`,
    '-Djava.net.preferIPv4Stack=true',
    property('config', String(pathToFileURL(join(node.dir, 'conf', 'cassandra.yaml')))),
    property('storagedir', dataDir(node)),
    property('logdir', join(node.dir, 'logs')),
    property('jmx.local.port', node.jmxPort),
    property('skip_wait_for_gossip_to_settle', 0),
    property(
      'ring_delay_ms',
      node.bootstrap ? JOINING_NODE_RING_DELAY_MS : FIRST_NODE_RING_DELAY_MS,
    ),
    property('superuser_setup_delay_ms', 0),
    property('consistent.rangemovement', false),
    property('unsafesystem', node.unsafeSystem),
    '-cp',
    `conf:${HOME}/lib/*`,
    'org.apache.cassandra.service.CassandraDaemon',
  ]
}
