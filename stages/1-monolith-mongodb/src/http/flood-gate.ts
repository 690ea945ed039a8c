import type { Clock } from '@threshold/kit'

/**
 * Counts the frames of one connection. The returned function counts a frame, and tells whether it
 * is one too many in the current window of `framesMs` milliseconds.
 */
export function floodGate(
  { frames, framesMs }: { readonly frames: number; readonly framesMs: number },
  clock: Clock,
): () => boolean {
  let [windowStart, count] = [0, 0]
  return () => {
    const now = clock.now()
    // The first comparison is for a clock that was set back: the window would otherwise stay open
    // until the clock has caught up.
    if (now < windowStart || now - windowStart >= framesMs) [windowStart, count] = [now, 0]
    count += 1
    return count > frames
  }
}
