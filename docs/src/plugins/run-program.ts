import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Docusaurus requires a package.json without a type, and Node would warn about that. */
const FLAGS = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON']

/**
 * Runs a program of this folder's neighbours in a Node process of its own, and parses the JSON that
 * it prints. Docusaurus loads its configuration with jiti, which cannot load the rest of the
 * repository.
 */
export function runProgram<T>(file: string): T {
  const program = fileURLToPath(new URL(file, import.meta.url))
  const text = execFileSync(process.execPath, [...FLAGS, program], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  })
  return JSON.parse(text) as T
}
