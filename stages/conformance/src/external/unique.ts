let count = 0
const RUN = Math.random().toString(36).slice(2, 8)

/** Makes a name unique, so that a case that searches for users finds none of another case. */
export const unique = (name: string): string => `${name}-${RUN}${(++count).toString(36)}`
