import { request } from 'undici'

/** One scrape: `name{labels}` to value. */
export type Metrics = ReadonlyMap<string, number>

/** Prometheus' text format, as far as counters and gauges go. */
export function parseMetrics(text: string): Metrics {
  const metrics = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, name, value] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)/.exec(line) ?? []
    if (name !== undefined) metrics.set(name, Number(value))
  }
  return metrics
}

/**
 * Undefined when the stage does not answer: it was killed or paused, and that is for the lab to
 * judge, not a failure here.
 */
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

/** The sum over all labels of a metric, by the value of one of them. */
export function byLabel(metrics: Metrics, name: string, label: string): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [key, value] of metrics) {
    if (!key.startsWith(`${name}{`)) continue
    const of = new RegExp(`[{,]${label}="([^"]*)"`).exec(key)?.[1]
    if (of !== undefined) sums[of] = (sums[of] ?? 0) + value
  }
  return sums
}

export function metric(metrics: Metrics, name: string): number {
  for (const [key, value] of metrics) if (key === name || key.startsWith(`${name}{`)) return value
  return Number.NaN
}
