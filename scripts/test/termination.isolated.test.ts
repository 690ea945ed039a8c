import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { allTests, canStartContainers } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { DOCS_ITEM } from '../src/docs-packages.ts'
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

/** Rows wait for their turn. */
const MINUTES = 900_000

/**
 * Each signal once, and each target once at least: from one row of pairs to the next the targets
 * move on by one.
 */
const pairs = (first: number) =>
  SIGNALS.map((signal, index) => ({ signal, target: TARGETS[(first + index) % TARGETS.length]! }))
const allPairs = SIGNALS.flatMap((signal) => TARGETS.map((target) => ({ signal, target })))

/** A server that takes connections and never says a word: whoever asks it waits. */
let silent: Server
let silentPort = 0
beforeAll(async () => {
  silent = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  await prepareOldNode()
  silentPort = (silent.address() as AddressInfo).port
})
afterAll(() => void silent.close())

const serves: Scenario = {
  args: ['threshold', 'stage', '1'],
  reached: ({ output }) => /^ready http/m.test(output),
}

const quick: Record<string, Scenario> = {
  'stage 1 while its database starts': {
    args: ['threshold', 'stage', '1'],
    reached: (seen) => isRunning(seen, 'mongodb'),
  },
  'migrate while it waits for a database': {
    args: ['threshold', 'migrate', 'mongo-cassandra', 'dual-write'],
    get env() {
      return {
        THRESHOLD_MONGODB_URI: `mongodb://127.0.0.1:${silentPort}/threshold`,
        THRESHOLD_CASSANDRA_URI: `cassandra://127.0.0.1:${silentPort}/threshold`,
      }
    },
    reached: (seen) => isRunning(seen, 'migrator'),
  },
}

const slow: Record<string, Scenario> = {
  'start before its lab': {
    args: ['npm', 'start', '--', '--no-predict'],
    reached: ({ output }) => /^ready http/m.test(output),
  },
  'start during the load of its lab': {
    args: ['npm', 'start', '--', '--no-predict'],
    reached: (seen) => isRunning(seen, 'generator'),
  },
  'lab before its load': {
    args: ['threshold', 'lab', '1.1', '--tiny'],
    reached: (seen) => isRunning(seen, 'stage'),
  },
  'lab during its load': {
    args: ['threshold', 'lab', '1.1', '--tiny'],
    reached: (seen) => isRunning(seen, 'generator'),
  },
  'lab after its load': {
    args: ['threshold', 'lab', '1.1', '--tiny'],
    reached: ({ output }) => /closing stage and engine|writing the report/.test(output),
  },
  'stage 2 while Cassandra starts': {
    args: ['threshold', 'stage', '2'],
    reached: (seen) => isRunning(seen, 'cassandra'),
  },
  'docs while they are fetched or built': {
    args: ['threshold', 'docs', '--port', '0'],
    reached: (seen) => isRunning(seen, 'install'),
  },
}

/**
 * States that take half a minute or more to come to: the ways out that failed in them once, or
 * would be the hardest.
 */
const rare: { name: string; situation: Scenario; signal: Signal; target: Target }[] = [
  {
    name: 'lab 1.3 during its load',
    situation: {
      args: ['threshold', 'lab', '1.3', '--quick', '--no-predict'],
      reached: (seen) => isRunning(seen, 'generator') && /: load/.test(seen.output),
    },
    signal: 'SIGHUP',
    target: 'group',
  },
  {
    name: 'lab 2.1 while its second arm starts',
    situation: {
      args: ['threshold', 'lab', '2.1', '--tiny'],
      reached: (seen) => isRunning(seen, 'stage') && isRunning(seen, 'cassandra'),
    },
    signal: 'SIGTERM',
    target: 'group',
  },
  {
    name: 'stage 2 that serves',
    situation: {
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
  'a command that is ended leaves nothing (Linux only: by /proc)',
  { timeout: MINUTES },
  () => {
    it.concurrent.each(allTests() ? allPairs : pairs(0))(
      'stage 1 that serves, by $signal to $target',
      ({ signal, target }) => expectCleanExit(serves, signal, target),
    )

    for (const [index, [name, situation]] of Object.entries(quick).entries())
      it.concurrent.each(pairs(index + 1))(`${name}, by $signal to $target`, ({ signal, target }) =>
        expectCleanExit(situation, signal, target),
      )

    describe.runIf(allTests())('in all states', () => {
      for (const [index, [name, situation]] of Object.entries(slow).entries())
        it.concurrent.each(pairs(index))(`${name}, by $signal to $target`, ({ signal, target }) =>
          expectCleanExit(situation, signal, target),
        )

      it.concurrent.each(rare)('$name, by $signal to $target', ({ situation, signal, target }) =>
        expectCleanExit(situation, signal, target),
      )

      describe.runIf(docsInstalled)('with the packages of the docs site', () => {
        it.concurrent('docs that serve, by SIGKILL to group', () =>
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
