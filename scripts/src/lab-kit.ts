/** Loads the lab kit, which only the commands that run, list or record labs need. */
export const loadLabKit = async (): Promise<typeof import('@threshold/lab-kit')> =>
  await import('@threshold/lab-kit')
