/**
 * Each stage copies its wiring, so it must stay short enough to read at a glance. These are the
 * lines of main.ts, config.ts and compose.ts together. A role has its own three files.
 */
export const MAX_WIRING_LINES = { stage: 150, role: 75 } as const
