import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findPython, installTool, type OnProgress, runCommand } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { Missing } from '../libraries.ts'

const REQUIREMENTS = fileURLToPath(new URL('./requirements.txt', import.meta.url))

/** One environment for all Python clients; the version changes with the pinned list. */
const TOOL = { name: 'python-clients', version: 'discord.py-2.7.1-hikari-2.7.0' }

/** `atLeast`: such as `3.11`, for a library that demands more than the pinned list as a whole. */
export async function missingPython(atLeast: string): Promise<Missing | undefined> {
  const python = await findPython()
  if (!python.usable) return { why: python.why, next: python.next }
  const [, minor = 0] = python.version.split('.').map(Number)
  if (minor >= Number(atLeast.split('.')[1])) return undefined
  return { why: `Python ${python.version} is older than ${atLeast}`, next: `install Python ${atLeast} or newer (https://python.org)` }
}

/** Seconds, once: an environment of its own, filled from the pinned list, every file checked against its digest. */
export async function installPythonClients(onProgress: OnProgress): Promise<string> {
  const dir = await installTool(
    TOOL,
    async (target) => {
      const python = await findPython()
      if (!python.usable) throw new CodedError('NO_PYTHON', python.why, { next: python.next })
      const text = 'installing the Python clients (about 15 s, once)'
      onProgress({ text })
      await runCommand({ title: 'python3 -m venv', command: python.path, args: ['-m', 'venv', target] })
      await runCommand({
        title: 'pip install discord.py hikari',
        command: join(target, 'bin', 'python'),
        args: [
          ...['-m', 'pip', 'install', '--require-hashes', '--only-binary=:all:', '--no-input', '--disable-pip-version-check'],
          ...['--progress-bar', 'off', '-r', REQUIREMENTS],
        ],
        onLine: (line) => {
          const name = /^(?:Collecting|Downloading) (\S+)/.exec(line)?.[1]
          if (name !== undefined) onProgress({ text: `${text}: ${name.split('/').at(-1)}` })
        },
        next: 'pip reaches its index with your usual settings (PIP_INDEX_URL, proxy): check those, then run the same command again',
      })
    },
    onProgress,
  )
  return join(dir, 'bin', 'python')
}
