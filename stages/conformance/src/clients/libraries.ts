import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { OnProgress } from '@threshold/engines'
import { buildDiscordgo, missingGo } from './go/install.ts'
import { installPythonClients, missingPython } from './python/install.ts'

/** How to start the process of a client. It gets its setup on standard input. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
}

export interface Missing {
  readonly why: string
  /** The command or page that helps. */
  readonly next: string
}

/** A client library as its users install it: from its registry, pinned, unmodified. */
export interface Library {
  /** Part of the case ids. */
  readonly id: string
  readonly name: string
  /** The reason why this machine cannot run the library; undefined if it can. */
  missing(): Promise<Missing | undefined>
  /** Downloads or builds the library, once on each machine. */
  prepare(onProgress: OnProgress): Promise<Launch>
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const javascript = (id: string, name: string, main: string): Library => ({
  id,
  name,
  missing: async () => undefined,
  prepare: async () => ({ command: execPath, args: [here(`javascript/${main}`)] }),
})

/** -B keeps Python from writing compiled files into the repository. */
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
  javascript('discordjs', 'discord.js 14.28.1', 'discord-js/main.ts'),
  javascript('oceanic', 'oceanic.js 1.15.0', 'eris-oceanic/oceanic.ts'),
  javascript('eris', 'eris 0.18.0', 'eris-oceanic/eris.ts'),
  python('discordpy', 'discord.py 2.7.1', 'discord_py', '3.10'),
  python('hikari', 'hikari 2.7.0', 'hikari_client', '3.11'),
  {
    id: 'discordgo',
    name: 'discordgo 0.29.0',
    missing: missingGo,
    prepare: async (onProgress) => ({ command: await buildDiscordgo(onProgress), args: [] }),
  },
]
