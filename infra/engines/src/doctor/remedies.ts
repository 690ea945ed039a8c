/**
 * The command that installs something, for the two common families of systems. Other systems get
 * the project's download page.
 */
export interface Remedy {
  readonly debian: string
  readonly macos: string
  readonly other: string
}

export const REMEDIES = {
  docker: {
    debian: 'sudo apt-get install -y docker.io && sudo usermod -aG docker "$USER" && newgrp docker',
    macos: 'brew install --cask docker && open -a Docker',
    other: 'https://docs.docker.com/engine/install/',
  },
  java: {
    debian: 'sudo apt-get install -y openjdk-17-jre-headless',
    macos: 'brew install openjdk@17',
    other: 'https://adoptium.net/temurin/releases/?version=17',
  },
  rust: {
    debian:
      'sudo apt-get install -y build-essential cmake curl && ' +
      "curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y",
    macos: 'xcode-select --install; brew install cmake rustup && rustup default stable',
    other: 'https://rustup.rs, and a C compiler with CMake',
  },
  python: {
    debian: 'sudo apt-get install -y python3-venv',
    macos: 'brew install python',
    other: 'https://www.python.org/downloads/',
  },
  go: {
    debian: 'sudo apt-get install -y golang-go',
    macos: 'brew install go',
    other: 'https://go.dev/dl/',
  },
  chromium: {
    debian: 'sudo apt-get install -y chromium',
    macos: 'brew install --cask chromium',
    other: 'https://www.chromium.org/getting-involved/download-chromium/',
  },
  mongodb: {
    debian:
      'Docker (see above), or https://www.mongodb.com/docs/manual/administration/install-on-linux/',
    macos: 'brew tap mongodb/brew && brew install mongodb-community@8.0',
    other: 'https://www.mongodb.com/docs/manual/installation/',
  },
} as const satisfies Record<string, Remedy>

export type Family = keyof Remedy

/** `osRelease` is the text of /etc/os-release, or empty. */
export function familyOf(platform: NodeJS.Platform, osRelease: string): Family {
  if (platform === 'darwin') return 'macos'
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(osRelease) ? 'debian' : 'other'
}
