import { useEffect, useState } from 'react'

/** A recording plays one second in this time, and a long one faster. */
const SECOND_MS = 700
const LONGEST_MS = 14_000

export interface Playback {
  /** How many seconds have been played. */
  readonly second: number
  readonly playing: boolean
  seek(second: number): void
  /** Plays on, or from the start if the end was reached. */
  play(): void
  pause(): void
}

/** Plays the seconds of a recorded run. A reader who prefers reduced motion sees the end at once. */
export function usePlayback(seconds: number): Playback {
  const [second, setSecond] = useState(0)
  const [playing, setPlaying] = useState(false)
  useEffect(() => {
    if (!playing) return
    if (second >= seconds) return setPlaying(false)
    const timer = setTimeout(() => setSecond(second + 1), Math.min(SECOND_MS, LONGEST_MS / seconds))
    return () => clearTimeout(timer)
  }, [playing, second, seconds])
  return {
    second,
    playing,
    seek(target) {
      setPlaying(false)
      setSecond(target)
    },
    play() {
      if (wantsLessMotion()) return setSecond(seconds)
      if (second >= seconds) setSecond(0)
      setPlaying(true)
    },
    pause: () => setPlaying(false),
  }
}

const wantsLessMotion = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches
