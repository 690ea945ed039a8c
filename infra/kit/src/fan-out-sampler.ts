import { ParentBasedSampler, type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace-base'

/**
 * The span attribute with the number of recipients of an event. Set it when the span starts, since
 * the sampler does not see later attributes.
 */
export const RECIPIENTS = 'threshold.recipients'

/**
 * The share of traces that is kept for an event with this many recipients: all for one, a tenth for
 * a hundred, a thousandth from ten thousand on (as reported in "Tracing Discord's Elixir Systems").
 * Between these points it is a straight line on logarithmic axes. An event for a large guild costs
 * more and is traced less, so tracing costs about the same whatever the size of the guild.
 */
export function fanOutShare(recipients: number): number {
  if (recipients <= 1) return 1
  if (recipients <= 100) return 10 ** (-Math.log10(recipients) / 2)
  if (recipients >= 10_000) return 0.001
  return 10 ** -(1 + (Math.log10(recipients) - 2))
}

/** Decides by the trace id, so that all processes decide alike for the same trace and attribute. */
const byRecipients: Sampler = {
  shouldSample(_context, traceId, _name, _kind, attributes) {
    const share = fanOutShare(Number(attributes[RECIPIENTS] ?? 1))
    const position = Number.parseInt(traceId.slice(0, 8), 16) / 0xffffffff
    const decision =
      position <= share ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD
    return { decision }
  },
  toString: () => 'by recipients',
}

/**
 * A trace loses a fan-out that is not in its share, and with it everything below: a kept child
 * would name a parent that no collector has. It keeps all spans above and beside. Other processes
 * follow, since the carrier says whether its span was kept.
 */
export const fanOutSampler: Sampler = new ParentBasedSampler({
  root: byRecipients,
  localParentSampled: byRecipients,
  remoteParentSampled: byRecipients,
})
