import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { allTests, canStartContainers } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { DOCS_ITEM } from '../src/docs-packages.ts'
import { type Folder, temporaryFolder } from './cli.ts'
import {
  expectCleanExit,
  isRunning,
  prepareOldNode,
  type Scenario,
  SIGNALS,
  type Signal,
  TARGETS,
  type Target,
} from './termination.ts'

const docsInstalled = allTests() && (await DOCS_ITEM.present())
const containers = allTests() && (await canStartContainers())

/** Scenarios wait for one another. */
const MINUTES = 900_000

/**
 * Pairs each signal with a target. A different `first` shifts the targets by one, so that several
 * scenarios together cover more pairs.
 */
const pairs = (first: number) =>
  SIGNALS.map((signal, index) => ({ signal, target: TARGETS[(first + index) % TARGETS.length]! }))
const allPairs = SIGNALS.flatMap((signal) => TARGETS.map((target) => ({ signal, target })))

let oldNodeFolder: Folder
/** A server that accepts connections and never answers, so that its clients wait. */
let silent: Server
let silentPort = 0
beforeAll(async () => {
  silent = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  oldNodeFolder = await temporaryFolder()
  await prepareOldNode(oldNodeFolder)
  silentPort = (silent.address() as AddressInfo).port
})
afterAll(async () => {
  silent.close()
  await oldNodeFolder?.[Symbol.asyncDispose]()
})

const serves: Scenario = {
  args: ['threshold', 'stage', '1'],
  reached: ({ output }) => /^ready http/m.test(output),
}

const quick: Record<string, Scenario> = {
  'stage 1 while its database starts': {
    args: ['threshold', 'stage', '1'],
    reached: (state) => isRunning(state, 'mongodb'),
  },
  'migrate while it waits for a database': {
    args: ['threshold', 'migrate', 'mongo-cassandra', 'dual-write'],
    get env() {
      return {
        THRESHOLD_MONGODB_URI: `mongodb://127.0.0.1:${silentPort}/threshold`,
        THRESHOLD_CASSANDRA_URI: `cassandra://127.0.0.1:${silentPort}/threshold`,
      }
    },
    reached: (state) => isRunning(state, 'migrator'),
  },
}

const slow: Record<string, Scenario> = {
  'start before its lab': {
    args: ['npm', 'start', '--', '--no-predict'],
    reached: ({ output }) => /^ready http/m.test(output),
  },
  'start during the load of its lab': {
    args: ['npm', 'start', '--', '--no-predict'],
    reached: (state) => isRunning(state, 'generator'),
  },
  'lab before its load': {
    args: ['threshold', 'lab', '1.1', '--tiny'],
    reached: (state) => isRunning(state, 'stage'),
  },
  'lab during its load': {
    args: ['threshold', 'lab', '1.1', '--tiny'],
    reached: (state) => isRunning(state, 'generator'),
  },
  'lab after its load': {
    args: ['threshold', 'lab', '1.1', '--tiny'],
    reached: ({ output }) => /closing stage and engine|writing the report/.test(output),
  },
  'stage 2 while Cassandra starts': {
    args: ['threshold', 'stage', '2'],
    reached: (state) => isRunning(state, 'cassandra'),
  },
  'docs while they are fetched or built': {
    args: ['threshold', 'docs', '--port', '0'],
    reached: (state) => isRunning(state, 'install'),
  },
}

/**
 * States that take half a minute or more to reach. Each has one signal, which failed here once or
 * is the hardest to handle.
 */
const rare: { name: string; scenario: Scenario; signal: Signal; target: Target }[] = [
  {
    name: 'lab 1.3 during its load',
    scenario: {
      args: ['threshold', 'lab', '1.3', '--quick', '--no-predict'],
      reached: (state) => isRunning(state, 'generator') && /: load/.test(state.output),
    },
    signal: 'SIGHUP',
    target: 'group',
  },
  {
    name: 'lab 2.1 while its second arm starts',
    scenario: {
      args: ['threshold', 'lab', '2.1', '--tiny'],
      reached: (state) => isRunning(state, 'stage') && isRunning(state, 'cassandra'),
    },
    signal: 'SIGTERM',
    target: 'group',
  },
  {
    name: 'stage 2 while it serves',
    scenario: {
      args: ['threshold', 'stage', '2'],
      reached: ({ output }) => /^ready http/m.test(output),
    },
    signal: 'SIGKILL',
    target: 'cli',
  },
]

const docsServe: Scenario = {
  args: ['threshold', 'docs', '--port', '0'],
  reached: ({ output }) => /^ready http/m.test(output),
}

const container: Scenario = {
  args: ['threshold', 'stage', '1', '--engine', 'docker'],
  reached: ({ entries }) => entries.some(({ dockerHost }) => dockerHost !== undefined),
}

describe.runIf(process.platform === 'linux')(
  'a command that is ended leaves nothing behind (Linux only: reads /proc)',
  { timeout: MINUTES },
  () => {
    it.concurrent.each(allTests() ? allPairs : pairs(0))(
      'stage 1 while it serves, by $signal to $target',
      ({ signal, target }) => expectCleanExit(serves, signal, target),
    )

    for (const [index, [name, scenario]] of Object.entries(quick).entries())
      it.concurrent.each(pairs(index + 1))(`${name}, by $signal to $target`, ({ signal, target }) =>
        expectCleanExit(scenario, signal, target),
      )

    describe.runIf(allTests())('in all states', () => {
      for (const [index, [name, scenario]] of Object.entries(slow).entries())
        it.concurrent.each(pairs(index))(`${name}, by $signal to $target`, ({ signal, target }) =>
          expectCleanExit(scenario, signal, target),
        )

      it.concurrent.each(rare)('$name, by $signal to $target', ({ scenario, signal, target }) =>
        expectCleanExit(scenario, signal, target),
      )

      describe.runIf(docsInstalled)('with the packages of the docs site', () => {
        it.concurrent('docs while they serve, by SIGKILL to group', () =>
          expectCleanExit(docsServe, 'SIGKILL', 'group'))
      })

      describe.runIf(containers)('with Docker and its image of MongoDB', () => {
        it.concurrent.each(pairs(0))(
          'a container that is starting, by $signal to $target',
          ({ signal, target }) => expectCleanExit(container, signal, target),
        )
      })
    })
  },
)
