export { cacheDir, installTool, isInstalled, markInstalled, type Tool, toolDir } from './cache.ts'
export {
  type CassandraAddress,
  dropKeyspace,
  parseCassandraUri,
  withCassandraClient,
  withKeyspace,
} from './cassandra/address.ts'
export { type Cqlsh, installCqlsh } from './cassandra/cqlsh.ts'
export type { CassandraEngine, StartCassandraOptions } from './cassandra/engine.ts'
export { overlapsPause, type Pause } from './cassandra/gc-log.ts'
export type { CassandraNode } from './cassandra/node.ts'
export type { TableHistograms, TableStats } from './cassandra/nodetool.ts'
export { startCassandra } from './cassandra/start.ts'
export { type Chromium, findChromium } from './chromium/chromium.ts'
export { childEnvironment } from './config.ts'
export { createEngineFinder, type EngineFinding, type EngineNeed } from './doctor/find-engine.ts'
export { doctorRemedy, doctorRow, formatDoctor } from './doctor/format.ts'
export { inspectMachine } from './doctor/inspect.ts'
export type { DoctorReport } from './doctor/report.ts'
export type {
  Availability,
  Engine,
  EngineLabel,
  EngineLimits,
  EngineState,
  Preference,
} from './engine.ts'
export { requireCache, requireDisk, requireWritable } from './folder.ts'
export { dropDatabase, withDatabase } from './mongodb/database.ts'
export type { NativeKind } from './mongodb/provider.ts'
export { type StartMongoOptions, startMongo } from './mongodb/start.ts'
export { parseNatsUri } from './nats/address.ts'
export type { NatsEngine, NatsServer, NatsUser, StartNatsOptions } from './nats/engine.ts'
export { type RoleSubjects, readRoleSubjects, roleUsers } from './nats/role-users.ts'
export { startNats } from './nats/start.ts'
export { npmCi } from './npm.ts'
export type { OpenSearchEngine } from './opensearch/engine.ts'
export { dropIndexes } from './opensearch/probe.ts'
export { startOpenSearch } from './opensearch/start.ts'
export { ENGINE_ITEMS, type PrefetchItem, type PrefetchOutcome, prefetch } from './prefetch.ts'
export { runCommand } from './process/command.ts'
export { identify, isAlive, type ProcessIdentity } from './process/identity.ts'
export { freePort, isPortFree, listenError } from './process/ports.ts'
export { childProcesses, lowerPriority } from './process/priority.ts'
export { parseProcStat } from './process/proc-stat.ts'
export { type RegisteredProcess, spawnRegistered } from './process/registered.ts'
export {
  descendantsOf,
  listProcesses,
  type ProcessEntry,
  programName,
} from './process/table.ts'
export { type TcpProxy, tcpProxy } from './process/tcp-proxy.ts'
export { terminate } from './process/terminate.ts'
export { waitUntil } from './process/wait-until.ts'
export { which } from './process/which.ts'
export { noProgress, type OnProgress, type ProgressStep } from './progress.ts'
export { findPython, installPythonPackage } from './python.ts'
export { describeStarted, endStarted } from './registry/exit.ts'
export {
  type Registration,
  type RegistrationOptions,
  registerProcess,
} from './registry/registry.ts'
export {
  planSweep,
  type SweepOptions,
  type SweepPlan,
  type SweepReport,
  sweep,
} from './registry/sweep.ts'
export { type ControlledStage, serveControl } from './stage/control.ts'
export { controlledStages, requestDeploy } from './stage/control-client.ts'
export { askGateway } from './stage/gateway.ts'
export { listStages, type StageInfo } from './stage/list.ts'
export {
  processesOf,
  type StageProcess,
  type StartStageOptions,
  startStage,
} from './stage/process.ts'
export type { Replaced } from './stage/replacement.ts'
export type { RoleProcess } from './stage/role-process.ts'
export { type Addresses, runningStages } from './stage/running.ts'
