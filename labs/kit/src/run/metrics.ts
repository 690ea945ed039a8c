import { request } from 'undici'

/** The values of one scrape by `name{labels}`. */
export type Metrics = ReadonlyMap<string, number>

/** Parses the counters and gauges of Prometheus' text format. */
export function parseMetrics(text: string): Metrics {
  const metrics = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, name, value] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)/.exec(line) ?? []
    if (name !== undefined) metrics.set(name, Number(value))
  }
  return metrics
}

/** Returns undefined if the stage does not answer, for example because a fault paused it. */
export async function scrape(baseUrl: string): Promise<Metrics | undefined> {
  try {
    const { statusCode, body } = await request(`${baseUrl}/metrics`, {
      signal: AbortSignal.timeout(3_000),
    })
    const text = await body.text()
    return statusCode === 200 ? parseMetrics(text) : undefined
  } catch {
    return undefined
  }
}

/** Sums a metric by the value of one label. */
export function byLabel(metrics: Metrics, name: string, label: string): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [key, value] of metrics) {
    if (!key.startsWith(`${name}{`)) continue
    const labelValue = new RegExp(`[{,]${label}="([^"]*)"`).exec(key)?.[1]
    if (labelValue !== undefined) sums[labelValue] = (sums[labelValue] ?? 0) + value
  }
  return sums
}

/** Returns the first value with this name, whatever its labels, or NaN. */
export function metric(metrics: Metrics, name: string): number {
  for (const [key, value] of metrics) if (key === name || key.startsWith(`${name}{`)) return value
  return Number.NaN
}
