/**
 * Everybody has a name of their own, so that cases may search for people without meeting each
 * other's.
 */
let made = 0
const RUN = Math.random().toString(36).slice(2, 8)
export const unique = (name: string): string => `${name}-${RUN}${(++made).toString(36)}`
