import { paragraphs } from './markdown.ts'
import type { LabSource } from './page.ts'

/** The commands. Playing needs no engine, so a test runs that line once there is a recording. */
export function runBlock({ lab, folder, recorded }: LabSource): string {
  const unplayable =
    recorded === undefined ? ` no-run="this lab has no recorded run in ${folder} yet"` : ''
  return paragraphs([
    `\`\`\`bash no-run="takes minutes and refuses a machine that is busy with tests; ${folder}/test runs the lab itself"\nnpx threshold lab ${lab.id}\n\`\`\``,
    'The lab asks for your prediction, waits until the machine is calm, and starts its engines and stages. It prints the verdict and the path of the report, which [this page](../../docs/docs/reading-a-report.md) explains. On a laptop that cannot run it, play the recorded run. Leave out `--no-predict` to be asked first:',
    `\`\`\`bash${unplayable}\nnpx threshold lab ${lab.id} --recorded --no-predict\n\`\`\``,
  ])
}
