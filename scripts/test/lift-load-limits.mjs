// Tests preload this into commands that run labs. A lab waits until the machine is idle, which it
// never is while tests run.
const [major] = process.versions.node.split('.')
if (Number(major) >= 24 && process.argv[1]?.endsWith('threshold.mjs')) {
  // Imported by path, because the package does not export its limits.
  const { href } = new URL('../../labs/kit/src/run/preflight.ts', import.meta.url)
  const { MACHINE_LIMITS } = await import(href)
  Object.assign(MACHINE_LIMITS, { loadPerCore: 1_000, othersShare: 1_000, lagP99Ms: 60_000 })
}
