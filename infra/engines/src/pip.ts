import { execFile } from 'node:child_process'
import { devNull } from 'node:os'
import { promisify } from 'node:util'
import { childEnvironment, pythonEnvironment } from './config.ts'

const run = promisify(execFile)
const PIP_OPTIONS = { timeout: 60_000, killSignal: 'SIGKILL' } as const

/**
 * How pip reaches its index. All its other settings say what it installs, where, and how: that is
 * decided here.
 */
const NETWORK = [
  ...[
    'index-url',
    'extra-index-url',
    'no-index',
    'find-links',
    'trusted-host',
    'cert',
    'client-cert',
    'proxy',
    'timeout',
  ],
  ...[
    'default-timeout',
    'retries',
    'resume-retries',
    'cache-dir',
    'no-cache-dir',
    'keyring-provider',
    'use-feature',
    'use-deprecated',
  ],
]
const variable = (setting: string): string => `PIP_${setting.replaceAll('-', '_').toUpperCase()}`

/**
 * The environment for pip: the user's settings of the network, from variables and from pip.conf,
 * and no others. With PIP_USER, PIP_TARGET or `[install] prefix` pip would install elsewhere and
 * report success.
 */
export async function pipEnvironment(python: string): Promise<Record<string, string | undefined>> {
  const given = Object.keys(childEnvironment()).filter((name) => name.startsWith('PIP_'))
  const dropped = given
    .filter((name) => !NETWORK.map(variable).includes(name))
    .map((name) => [name, undefined] as const)
  const env = {
    ...pythonEnvironment(),
    ...Object.fromEntries(dropped),
    PIP_CONFIG_FILE: childEnvironment().PIP_CONFIG_FILE,
  }
  const { stdout } = await run(
    python,
    ['-I', '-m', 'pip', 'config', 'list', '--disable-pip-version-check'],
    { ...PIP_OPTIONS, env },
  ).catch(() => ({
    stdout: '',
  }))
  const fromFiles = stdout.split('\n').flatMap((line) => {
    const [, section, setting = '', value = ''] = /^([^.]+)\.([\w-]+)='(.*)'$/.exec(line) ?? []
    // Python's own notation; a setting with several values has one a line.
    const words = value.replaceAll('\\n', ' ').replaceAll('\\\\', '\\').trim()
    return section === ':env:' || !NETWORK.includes(setting)
      ? []
      : [[variable(setting), words] as const]
  })
  const own = given.filter((name) => NETWORK.map(variable).includes(name))
  return {
    ...Object.fromEntries(fromFiles.filter(([name]) => !own.includes(name))),
    ...Object.fromEntries(dropped),
    PIP_CONFIG_FILE: devNull,
  }
}
