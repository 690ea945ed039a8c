import { CodedError } from '@threshold/kit'

/**
 * The stage at an address, or the only one that was found. Throws NO_STAGE or WHICH_STAGE.
 *
 * @param kind such as `stage`, for the message
 * @param command the command to run again with an address
 */
export function chooseStage<T extends { readonly url: string }>(
  stages: readonly T[],
  url: string | undefined,
  { kind, command }: { readonly kind: string; readonly command: string },
): T {
  const wanted = url === undefined ? undefined : URL.parse(url)?.origin
  const found = url === undefined ? stages : stages.filter((stage) => stage.url === wanted)
  const [first] = found
  if (first === undefined)
    throw new CodedError(
      'NO_STAGE',
      `no ${kind} runs ${url === undefined ? 'on this machine' : `at ${url}`}`,
      { next: 'npx threshold stage 3' },
    )
  if (found.length > 1)
    throw new CodedError(
      'WHICH_STAGE',
      `${found.length} stages run on this machine: ${found.map((each) => each.url).join(', ')}`,
      { next: `npx threshold ${command} --url ${first.url}` },
    )
  return first
}
