import { devNull } from 'node:os'
import { childEnvironment, pythonEnvironment } from './config.ts'
import { runProbe } from './process/probe.ts'

const TIMEOUT_MS = 60_000

/**
 * The settings of pip that control how it reaches its index. The others control what it installs,
 * where and how, which is not the user's choice here.
 */
const NETWORK_SETTINGS = [
  'index-url',
  'extra-index-url',
  'no-index',
  'find-links',
  'trusted-host',
  'cert',
  'client-cert',
  'proxy',
  'timeout',
  'default-timeout',
  'retries',
  'resume-retries',
  'cache-dir',
  'no-cache-dir',
  'keyring-provider',
  'use-feature',
  'use-deprecated',
]
const environmentName = (setting: string): string =>
  `PIP_${setting.replaceAll('-', '_').toUpperCase()}`

/**
 * The environment for pip, with the user's network settings from variables and pip.conf, and no
 * others. PIP_USER, PIP_TARGET or `[install] prefix` would make pip install elsewhere and report
 * success.
 */
export async function pipEnvironment(python: string): Promise<Record<string, string | undefined>> {
  const given = Object.keys(childEnvironment()).filter((name) => name.startsWith('PIP_'))
  const dropped = given
    .filter((name) => !NETWORK_SETTINGS.map(environmentName).includes(name))
    .map((name) => [name, undefined] as const)
  const env = {
    ...pythonEnvironment(),
    ...Object.fromEntries(dropped),
    PIP_CONFIG_FILE: childEnvironment().PIP_CONFIG_FILE,
  }
  const { stdout } = await runProbe(
    python,
    ['-I', '-m', 'pip', 'config', 'list', '--disable-pip-version-check'],
    { env, timeoutMs: TIMEOUT_MS },
  ).catch(() => ({ stdout: '' }))
  const fromFiles = stdout.split('\n').flatMap((line) => {
    const [, section, setting = '', value = ''] = /^([^.]+)\.([\w-]+)='(.*)'$/.exec(line) ?? []
    // The values are Python literals. A setting with several values has one per line.
    const words = value.replaceAll('\\n', ' ').replaceAll('\\\\', '\\').trim()
    return section === ':env:' || !NETWORK_SETTINGS.includes(setting)
      ? []
      : [[environmentName(setting), words] as const]
  })
  const fromVariables = given.filter((name) => NETWORK_SETTINGS.map(environmentName).includes(name))
  return {
    ...Object.fromEntries(fromFiles.filter(([name]) => !fromVariables.includes(name))),
    ...Object.fromEntries(dropped),
    PIP_CONFIG_FILE: devNull,
  }
}
