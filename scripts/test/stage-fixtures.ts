import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * Two small stages. The second replaces the store, keeps the other parts, removes the page and adds
 * a migrator.
 */
export const FIRST = {
  'stage.json': {
    title: 'First',
    previous: null,
    adds: ['adapters/message-store.mongodb.ts', 'adapters/notifier.mongodb.ts', 'page', 'rest'],
  },
  'package.json': {
    exports: {
      './rest': './src/rest/index.ts',
      './page': './src/page/index.ts',
      './adapters/*': './src/adapters/*.ts',
    },
  },
  'src/compose.ts': `import type { Config } from './config.ts'
import { mongoNotifier } from './adapters/notifier.mongodb.ts'
import { mongoStore } from './adapters/message-store.mongodb.ts'
import { page } from './page/index.ts'
import { rest } from './rest/index.ts'
export const start = (config: Config) => [mongoStore, mongoNotifier, page, rest, config]
`,
  'src/config.ts': 'export interface Config { readonly port: number }\n',
  'src/main.ts': "import { start } from './compose.ts'\nstart({ port: 1 })\n",
  'src/adapters/message-store.mongodb.ts':
    "export { collection as mongoStore } from './collection.ts'\n",
  'src/adapters/collection.ts': 'export const collection = 1\n',
  'src/adapters/notifier.mongodb.ts': 'export const mongoNotifier = 1\n',
  'src/page/index.ts': 'export const page = 1\n',
  'src/rest/index.ts': 'export const rest = 1\nexport class Rest {}\n',
}

export const SECOND = {
  'stage.json': {
    stage: 2,
    title: 'Second',
    previous: 1,
    engines: ['mongodb', 'cassandra'],
    adds: ['migrate'],
    replaces: ['adapters/message-store.cassandra.ts'],
    removes: ['page'],
    capabilities: ['rest'],
  },
  'package.json': { exports: {} },
  'src/compose.ts': `import { rest } from '@threshold/stage-1/rest'
import { mongoNotifier } from '@threshold/stage-1/adapters/notifier.mongodb'
import type { Config } from './config.ts'
import { cassandraStore } from './adapters/message-store.cassandra.ts'
import { migrate } from './migrate/index.ts'
export const start = (config: Config) => [cassandraStore, mongoNotifier, rest, migrate, config]
`,
  'src/config.ts': FIRST['src/config.ts'],
  'src/main.ts': FIRST['src/main.ts'],
  'src/adapters/message-store.cassandra.ts': 'export const cassandraStore = 1\n',
  // The migrator reads the old store: it may import the part, though the wiring may not.
  'src/migrate/index.ts':
    "import { mongoStore } from '@threshold/stage-1/adapters/message-store.mongodb'\nexport const migrate = mongoStore\n",
}

/** File names with their content. Missing fields of a stage.json get defaults. */
export type Files = Record<string, string | object>
const DEFAULTS = {
  v: 1,
  stage: 1,
  engines: ['mongodb'],
  replaces: [],
  removes: [],
  givesUp: [],
  capabilities: ['rest', 'page'],
}

async function write(root: string, stage: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, 'stages', stage, name)
    const json = name === 'stage.json' ? { ...DEFAULTS, ...(content as object) } : content
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, typeof json === 'string' ? json : JSON.stringify(json))
  }
}

/** Writes both stages, each with some files replaced. */
export async function writeStages(
  root: string,
  first: Files = {},
  second: Files = {},
): Promise<void> {
  await write(root, '1-first', { ...FIRST, ...first })
  await write(root, '2-second', { ...SECOND, ...second })
}
