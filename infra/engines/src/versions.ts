import { fileURLToPath } from 'node:url'

/**
 * Every version that this package fetches. All are pinned: each machine of a class gets the same
 * bytes, and a lab's figures can be compared with last year's.
 */
export const VERSIONS = {
  /** The binary. The image has the same version. */
  mongodb: '8.0.15',
  mongodbImage: 'mongo:8.0.15',
  /**
   * A stand-in from crates.io: MongoDB's wire protocol over the real WiredTiger. It is built once,
   * which takes about 12 minutes of processor time.
   */
  secantusRust: '0.5.3-beta.196',
  /** A stand-in from PyPI. It installs in seconds and is 10 to 20 times slower. */
  secantusPython: '0.7.0b3',
  /** The npm package @sparticuz/chromium, which contains the Chromium of the same number. */
  chromium: '153.0.0',
  /** The jars from Maven Central. The image has the same version. */
  cassandra: '5.0.9',
  cassandraImage: 'cassandra:5.0.9',
  /** Cassandra's shell from PyPI. `threshold bench backfill` compares with its COPY FROM. */
  cqlsh: '6.2.2',
  /** The server from PyPI, or built from source. The image has the same version. */
  nats: '2.15.1',
  natsImage: 'nats:2.15.1-alpine',
  /** The jars from Maven Central, of the last series for Java 17. The image has the same version. */
  opensearch: '2.19.6',
  opensearchImage: 'opensearchproject/opensearch:2.19.6',
} as const

/** `size` is the download size, for messages. */
export const MONGODB_IMAGE = { name: VERSIONS.mongodbImage, size: 'about 300 MB' } as const
export const CASSANDRA_IMAGE = { name: VERSIONS.cassandraImage, size: 'under 200 MB' } as const
export const NATS_IMAGE = { name: VERSIONS.natsImage, size: 'about 10 MB' } as const
export const OPENSEARCH_IMAGE = { name: VERSIONS.opensearchImage, size: 'about 1 GB' } as const

/**
 * The tools in the cache. A tool's folder is named after its name and version, so that two versions
 * can exist side by side. `installMb` is the measured peak of an installation plus a quarter.
 * `check` runs in the folder; a tool that fails it is installed again.
 */
export const TOOLS = {
  mongod: {
    name: 'mongod',
    version: VERSIONS.mongodb,
    installMb: 800,
    check: ['bin/mongod', '--version'],
  },
  secantusRust: {
    name: 'secantus-mdb',
    version: VERSIONS.secantusRust,
    installMb: 2_000,
    check: ['bin/secantusd-rs', '--version'],
  },
  secantusPython: {
    name: 'secantusdb-py',
    version: VERSIONS.secantusPython,
    installMb: 250,
    check: ['bin/secantusd-py', '--help'],
  },
  chromium: {
    name: 'chromium',
    version: VERSIONS.chromium,
    installMb: 400,
    check: [
      '/bin/sh',
      '-c',
      'LD_LIBRARY_PATH=al2023/lib FONTCONFIG_FILE=fonts.conf ./chromium --version',
    ],
  },
  cassandra: {
    name: 'cassandra',
    version: VERSIONS.cassandra,
    installMb: 250,
    check: [
      '/bin/sh',
      '-c',
      'test -s lib/jamm-0.4.0.jar && test -s lib/cassandra-all-5.0.9.jar && test -s logback.xml',
    ],
  },
  cqlsh: {
    name: 'cqlsh',
    version: VERSIONS.cqlsh,
    installMb: 100,
    check: ['bin/cqlsh', '--version'],
  },
  nats: {
    name: 'nats-server',
    version: VERSIONS.nats,
    installMb: 100,
    check: ['bin/nats-server', '--version'],
  },
  opensearch: {
    name: 'opensearch',
    version: VERSIONS.opensearch,
    installMb: 150,
    check: [
      '/bin/sh',
      '-c',
      'test -s lib/opensearch-2.19.6.jar && ' +
        'test -s modules/transport-netty4/plugin-security.policy',
    ],
  },
} as const

/** The oldest Python that the pinned requirements support. */
export const MIN_PYTHON: readonly [number, number] = [3, 10]

export const REQUIREMENTS_FILE = fileURLToPath(
  new URL('../requirements/secantusdb.txt', import.meta.url),
)

export const CQLSH_REQUIREMENTS = fileURLToPath(
  new URL('../requirements/cqlsh.txt', import.meta.url),
)

/** The folder of package.json and package-lock.json, whose digests npm checks. */
export const CHROMIUM_REQUIREMENTS = fileURLToPath(
  new URL('../requirements/chromium/', import.meta.url),
)

/** The folder of pom.xml, the JVM's flags and the log configuration. */
export const CASSANDRA_REQUIREMENTS = fileURLToPath(
  new URL('../requirements/cassandra/', import.meta.url),
)

/** The folder of requirements.txt for pip, and of go.mod and go.sum for Go. */
export const NATS_REQUIREMENTS = fileURLToPath(new URL('../requirements/nats/', import.meta.url))

/** The folder of pom.xml, the log configuration, and the files of the HTTP module. */
export const OPENSEARCH_REQUIREMENTS = fileURLToPath(
  new URL('../requirements/opensearch/', import.meta.url),
)
