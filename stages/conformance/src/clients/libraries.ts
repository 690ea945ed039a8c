import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { OnProgress } from '@threshold/engines'
import { buildDiscordgo, missingGo } from './go/install.ts'
import { installPythonClients, missingPython } from './python/install.ts'

/** How a client's process is started. It is told the rest on its standard input. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
}

export interface Missing {
  readonly why: string
  /** The command or page that mends it. */
  readonly next: string
}

/** A client library as its users install it: from its registry, pinned, unmodified. */
export interface Library {
  /** In case ids. */
  readonly id: string
  readonly name: string
  /** What this machine lacks to run it; undefined when nothing. */
  missing(): Promise<Missing | undefined>
  /** Fetches or builds what is needed, once per machine. */
  prepare(onProgress: OnProgress): Promise<Launch>
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const javascript = (id: string, name: string, folder: string): Library => ({
  id,
  name,
  missing: async () => undefined,
  prepare: async () => ({ command: execPath, args: [here(`javascript/${folder}/main.ts`)] }),
})

/** -B: what Python compiles is not left in the tree. */
const python = (id: string, name: string, module: string, atLeast: string): Library => ({
  id,
  name,
  missing: () => missingPython(atLeast),
  prepare: async (onProgress) => ({
    command: await installPythonClients(onProgress),
    args: ['-B', '-m', module],
    cwd: here('python'),
  }),
})

export const LIBRARIES: readonly Library[] = [
  javascript('discordjs', 'discord.js 14.28.1', 'discord-js'),
  javascript('oceanic', 'oceanic.js 1.15.0', 'oceanic'),
  javascript('eris', 'eris 0.18.0', 'eris'),
  python('discordpy', 'discord.py 2.7.1', 'discord_py', '3.10'),
  python('hikari', 'hikari 2.7.0', 'hikari_client', '3.11'),
  {
    id: 'discordgo',
    name: 'discordgo 0.29.0',
    missing: missingGo,
    prepare: async (onProgress) => ({ command: await buildDiscordgo(onProgress), args: [] }),
  },
]
