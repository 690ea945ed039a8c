import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findPython, installPythonPackage, type OnProgress } from '@threshold/engines'
import type { Missing } from '../libraries.ts'

const REQUIREMENTS = fileURLToPath(new URL('./requirements.txt', import.meta.url))

/** One environment for all Python clients. Change the version with the pinned list. */
const TOOL = { name: 'python-clients', version: 'discord.py-2.7.1-hikari-2.7.0' }

/** The reason why a library that needs Python `atLeast`, such as `3.11`, cannot run. */
export async function missingPython(atLeast: string): Promise<Missing | undefined> {
  const python = await findPython()
  if (!python.usable) return { why: python.why, next: python.next }
  const [, minor = 0] = python.version.split('.').map(Number)
  if (minor >= Number(atLeast.split('.')[1])) return undefined
  return {
    why: `Python ${python.version} is older than ${atLeast}`,
    next: `install Python ${atLeast} or newer (https://python.org)`,
  }
}

/**
 * Installs the pinned list into an environment of its own, once in a few seconds. pip checks every
 * file against its digest.
 */
export async function installPythonClients(onProgress: OnProgress): Promise<string> {
  const dir = await installPythonPackage(
    {
      tool: TOOL,
      package: 'discord.py hikari',
      title: 'the Python clients',
      requirements: REQUIREMENTS,
    },
    onProgress,
  )
  return join(dir, 'bin', 'python')
}
