import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CASSANDRA_REQUIREMENTS } from '../versions.ts'
import type { StartCassandraOptions } from './engine.ts'

export interface NodeSettings {
  readonly address: string
  /** Addresses that a node asks for the others. The first node asks itself. */
  readonly seeds: readonly string[]
  readonly cqlPort: number
  readonly storagePort: number
  readonly jmxPort: number
  readonly heapMb: number
  readonly collector: Collector
  /** Where its data, configuration and logs are. */
  readonly dir: string
  /** Whether it takes its share of the data from the others when it joins: all but the first. */
  readonly bootstrap: boolean
  readonly cacheMb: number | undefined
  readonly shortLived: boolean
  readonly unsafeSystem: boolean
  readonly commitLog: CommitLog
  readonly disk?: StartCassandraOptions['disk']
}

/**
 * When a write is acknowledged. `batch`: once it is on this node's disk, as MongoDB's journal; with
 * one node there is no other copy. `periodic`, Cassandra's own default and two to three times as
 * quick: at once, and the other replicas have what this node loses, 10 s at a power cut and up to
 * 100 ms, what has not been marked as written yet, when it is killed.
 */
export type CommitLog = 'batch' | 'periodic'
export const COMMIT_LOG: Record<CommitLog, Readonly<Record<string, string>>> = {
  batch: { commitlog_sync: 'batch', commitlog_sync_period: '0ms' },
  periodic: { commitlog_sync: 'periodic', commitlog_sync_period: '10000ms' },
}

/** Cassandra takes no smaller chunk cache. */
export const MIN_CACHE_MB = 16

/**
 * Memtables hold the newest writes, and a read of them costs no file. They are small beside a cache
 * of a chosen size, since a large one would hide what a small cache shows.
 */
export function cacheSettings(
  cacheMb: number | undefined,
): Readonly<Record<string, string | boolean>> {
  const memtable = cacheMb === undefined ? '64MiB' : '16MiB'
  return {
    memtable_heap_space: memtable,
    memtable_offheap_space: memtable,
    // Off by default since 4.0, and then its misses are counted nowhere. Cassandra keeps 32 MiB of
    // its size back for buffers.
    file_cache_enabled: true,
    file_cache_size: `${(cacheMb ?? MIN_CACHE_MB) + 32}MiB`,
  }
}

export type Collector = 'G1' | 'Parallel' | 'Serial' | 'Z' | 'Shenandoah'

/** Code is compiled once, quickly, and never again for its best. */
export const SHORT_LIVED = '-XX:TieredStopAtLevel=1'

/**
 * How long a node waits for what others tell it of the ring; Cassandra's default is 30 s. A first
 * node has nobody to wait for. One that joins asks its seed every five seconds for twice this long,
 * and then ends with `Unable to gossip with any peers`: with one second it asks once, and a seed
 * that is busy just then costs the join (`Gossiper.doShadowRound`). It waits as long for the
 * schema, and without any it copies nothing and joins nevertheless
 * (`StorageService.waitForSchema`): of four joins under traffic with one second, two nodes had none
 * of what they owned. And it is as long as others have to learn of writes they owe it.
 */
const FIRST_NODE_RING_DELAY_MS = 1_000
const JOINING_NODE_RING_DELAY_MS = 10_000

const dataDir = ({ dir, disk }: NodeSettings): string => join(disk?.dir ?? dir, 'data')

const GC_LOG = 'gc.log'
export const gcLogFile = (dir: string): string => join(dir, GC_LOG)

/**
 * A link in a node's folder to where Cassandra is installed. The JVM runs in that folder and its
 * flags name relative paths: a class path is cut at colons, an agent's path at an equals sign, a
 * log's at a comma.
 */
const HOME = 'cassandra'

/**
 * Cassandra 5 for one laptop, three nodes of it: small caches, small commit log, no authentication
 * on loopback.
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
    // Two round trips for a lightweight transaction instead of four, v1's (CEP-14, Cassandra 4.1).
    // Not the default.
    paxos_variant: 'v2',
    concurrent_reads: 16,
    concurrent_writes: node.commitLog === 'batch' ? 64 : 16, // they wait for the disk together
    concurrent_counter_writes: 4,
    concurrent_compactors: 1,
    compaction_throughput: '64MiB/s',
    hinted_handoff_enabled: true,
    dynamic_snitch: false,
    auto_snapshot: false,
    internode_compression: 'none',
  }
  await symlink(home, join(node.dir, HOME))
  // JSON is YAML.
  await writeFile(join(node.dir, 'conf', 'cassandra.yaml'), `${JSON.stringify(yaml, null, 2)}\n`)
}

/**
 * A JVM reads the encoding of file names from the locale: in the C locale a path with an umlaut is
 * no file.
 */
export const JVM_ENVIRONMENT = { LC_ALL: 'C.UTF-8' }

/** The flags of the JVM, without what is run. */
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
    // Both ends of each pause, in UTC: lab 4.1 lays them beside the reads that fell into them.
    `-Xlog:gc*,safepoint:file=${GC_LOG}:utctime,level,tags:filecount=0`,
    `-Dlogback.configurationFile=${pathToFileURL(join(node.dir, HOME, 'logback.xml'))}`,
    // Not the system's temporary folder, which may be full, or allow no programs.
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
